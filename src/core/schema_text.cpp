#include "arena_shm/describe.hpp"

namespace arena_shm::core {

void SchemaText::add(const std::string& name, const std::string& format, std::size_t offset_bytes,
                     const FieldNote& note, const std::string& enumerators) {
  const auto append = [](std::string& list, const std::string& item) {
    if (!list.empty()) list += ',';
    list += item;
  };
  const std::string quoted = '"' + name + '"';
  append(names_, quoted);
  append(formats_, '"' + format + '"');
  append(offsets_, std::to_string(offset_bytes));
  std::string about;
  if (!note.unit.empty()) append(about, R"("unit":")" + std::string(note.unit) + '"');
  if (!enumerators.empty()) append(about, R"("enum":{)" + enumerators + '}');
  if (!about.empty()) append(notes_, quoted + ":{" + about + '}');
  if (note.is_time && time_.empty()) time_ = quoted;
}

std::string SchemaText::json(std::size_t record_bytes) const {
  std::string text = R"({"names":[)" + names_ + R"(],"formats":[)" + formats_ + R"(],"offsets":[)" + offsets_ +
                     R"(],"itemsize":)" + std::to_string(record_bytes);
  std::string metadata;
  if (!notes_.empty()) metadata = R"("fields":{)" + notes_ + '}';
  if (!time_.empty()) metadata += (metadata.empty() ? "" : ",") + (R"("time":)" + time_);
  if (!metadata.empty()) text += R"(,"metadata":{)" + metadata + '}';
  return text + '}';
}

}  // namespace arena_shm::core
