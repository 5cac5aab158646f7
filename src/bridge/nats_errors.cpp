#include "bridge/nats_errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <utility>

#include "bridge/subject.hpp"

namespace arena_shm::bridge {

namespace {

struct Meaning {
  Code code = Code::system;
  const char* expected = "";
  const char* remedy = "";
};

Meaning meaning_of(natsStatus status) {
  switch (status) {
    case NATS_NO_SERVER:
    case NATS_IO_ERROR:
      return {.expected = "a NATS server that answers there", .remedy = "check the address, and that it is running"};
    case NATS_TIMEOUT: return {.expected = "an answer in time", .remedy = "check the address, and that it is running"};
    case NATS_CONNECTION_CLOSED:
    case NATS_CONNECTION_DISCONNECTED:
    case NATS_STALE_CONNECTION: return {.expected = "a connection that lasts", .remedy = "look at the server's log"};
    case NATS_CONNECTION_AUTH_FAILED:
    case NATS_NOT_PERMITTED:
      return {.code = Code::permission_denied,
              .expected = "a user who may do that",
              .remedy = "check the file of --creds, or user and password in --to"};
    case NATS_SECURE_CONNECTION_REQUIRED:
      return {.code = Code::invalid_argument, .expected = "TLS", .remedy = "use tls:// in --to, or give --tls-ca"};
    case NATS_SECURE_CONNECTION_WANTED:
    case NATS_SSL_ERROR:
      return {.code = Code::invalid_argument,
              .expected = "a server with TLS whose certificate can be trusted",
              .remedy = "check --tls-ca, and the name of the server in --to"};
    case NATS_NO_RESPONDERS:
      return {.code = Code::unsupported,
              .expected = "a server with JetStream",
              .remedy = "start it with -js, or enable it for this account"};
    case NATS_ADDRESS_MISSING:
    case NATS_INVALID_ARG:
      return {.code = Code::invalid_argument,
              .expected = "something that can be used",
              .remedy = "give the server like nats://host:4222, and files that exist"};
    default: return {.expected = "that it works", .remedy = "look at the server's log"};
  }
}

[[noreturn]] void refuse(Code code, const std::string& where, const std::string& doing, std::string expected,
                         std::string found, std::string remedy) {
  throw ServerTrouble(code, {.name = where,
                             .doing = doing,
                             .expected = std::move(expected),
                             .found = std::move(found),
                             .remedy = std::move(remedy)});
}

}  // namespace

void check(natsStatus status, const std::string& where, const std::string& doing) {
  if (status == NATS_OK) return;
  const Meaning meaning = meaning_of(status);
  refuse(meaning.code, where, doing, meaning.expected, natsStatus_GetText(status), meaning.remedy);
}

void check_jetstream(natsStatus status, jsErrCode code, const std::string& where, const std::string& doing) {
  if (status == NATS_OK) return;
  if (code == JSNotEnabledErr || code == JSNotEnabledForAccountErr) return check(NATS_NO_RESPONDERS, where, doing);
  if (code == JSStreamSubjectOverlapErr)
    refuse(Code::invalid_argument, where, doing, "a subject that no other stream has", "that one does",
           "choose another --subject, or that stream with --stream");
  if (code != 0) {
    const char* told = nats_GetLastError(nullptr);  // of a request, which has no password in it
    const std::string text = told == nullptr ? "that it does not" : told;
    const std::size_t begin = text.starts_with('(') ? text.find("): ") : std::string::npos;  // (jsm.c:1033):
    refuse(Code::system, where, doing, "that the server agrees",
           begin == std::string::npos ? text : text.substr(begin + 3),
           "look at the limits of the account and the server, and whether all of a cluster are there");
  }
  check(status, where, doing);
}

void check_stream(const jsStreamInfo& info, const StreamWish& wish, const std::string& where) {
  const jsStreamConfig& config = *info.Config;
  const std::string doing = fmt::format("use stream '{}' of", wish.name);
  const std::span subjects(config.Subjects, static_cast<std::size_t>(config.SubjectsLen));
  bool is_taken = false;
  for (const char* subject : subjects) is_taken = is_taken || subject_matches(subject, wish.subject);
  if (!is_taken)
    refuse(Code::invalid_argument, where, doing, fmt::format("one that takes the subject '{}'", wish.subject),
           fmt::format("one that takes '{}'", fmt::join(subjects, "', '")), "choose another --stream or --subject");
  if (config.Retention != js_LimitsPolicy)
    refuse(Code::invalid_argument, where, doing, "one that keeps messages by its limits, so that the last one is there",
           "one that drops them when they were read", "choose another --stream");
  if (config.NoAck || config.Sealed || config.Mirror != nullptr)
    refuse(Code::invalid_argument, where, doing, "one that takes messages and acknowledges them",
           config.NoAck ? "one without acknowledgements" : "one that takes no messages", "choose another --stream");
}

}  // namespace arena_shm::bridge
