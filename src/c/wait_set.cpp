#include "c/convert.hpp"

using namespace arena_shm;
using namespace arena_shm::c;

arena_shm_status arena_shm_wait_set_open(arena_shm_wait_set** set, arena_shm_error* error) {
  return guarded(error, [&] {
    deref(set, "a place for the handle") = nullptr;
    *set = new arena_shm_wait_set;
    return ARENA_SHM_OK;
  });
}

void arena_shm_wait_set_close(arena_shm_wait_set* set) { delete set; }

arena_shm_status arena_shm_wait_set_add_reader(arena_shm_wait_set* set, arena_shm_reader* reader,
                                               arena_shm_error* error) {
  return guarded(error, [&] {
    deref(set, "wait set").set.add(deref(reader, "reader").reader);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_wait_set_add_consumer(arena_shm_wait_set* set, arena_shm_consumer* consumer,
                                                 arena_shm_error* error) {
  return guarded(error, [&] {
    deref(set, "wait set").set.add(deref(consumer, "consumer").consumer);
    return ARENA_SHM_OK;
  });
}

arena_shm_status arena_shm_wait_set_add_writer(arena_shm_wait_set* set, arena_shm_writer* writer,
                                               arena_shm_error* error) {
  return guarded(error, [&] {
    deref(set, "wait set").set.add(deref(writer, "writer"));
    return ARENA_SHM_OK;
  });
}

void arena_shm_wait_set_remove_reader(arena_shm_wait_set* set, arena_shm_reader* reader) {
  if (set != nullptr && reader != nullptr) set->set.remove(reader->reader);
}
void arena_shm_wait_set_remove_consumer(arena_shm_wait_set* set, arena_shm_consumer* consumer) {
  if (set != nullptr && consumer != nullptr) set->set.remove(consumer->consumer);
}
void arena_shm_wait_set_remove_writer(arena_shm_wait_set* set, arena_shm_writer* writer) {
  if (set != nullptr && writer != nullptr) set->set.remove(*writer);
}

arena_shm_status arena_shm_wait_set_wait(arena_shm_wait_set* set, std::int64_t timeout_ns, arena_shm_error* error) {
  return guarded(error, [&] {
    return deref(set, "wait set").set.wait_for(duration(timeout_ns)) ? ARENA_SHM_OK : ARENA_SHM_NOTHING;
  });
}

bool arena_shm_wait_set_is_reader_ready(const arena_shm_wait_set* set, const arena_shm_reader* reader) {
  return set != nullptr && reader != nullptr && set->set.is_ready(reader->reader);
}
bool arena_shm_wait_set_is_consumer_ready(const arena_shm_wait_set* set, const arena_shm_consumer* consumer) {
  return set != nullptr && consumer != nullptr && set->set.is_ready(consumer->consumer);
}
bool arena_shm_wait_set_is_writer_ready(const arena_shm_wait_set* set, const arena_shm_writer* writer) {
  return set != nullptr && writer != nullptr && set->set.is_ready(*writer);
}

arena_shm_status arena_shm_wait_set_fd(arena_shm_wait_set* set, int* fd, arena_shm_error* error) {
  return guarded(error, [&] {
    deref(fd, "fd") = deref(set, "wait set").set.fd();
    return ARENA_SHM_OK;
  });
}
