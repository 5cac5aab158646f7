#include "tool/verbs/server_options.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace arena_shm::tool {

namespace {

std::vector<std::string> urls_of(const std::string& text) {
  std::vector<std::string> urls;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    if (end > at) urls.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return urls;
}

// What is wrong is said without what was given: there may be a password in it.
std::string check_urls(const std::string& text) {
  const auto is_url = [](const std::string& url) { return url.starts_with("nats://") || url.starts_with("tls://"); };
  const std::vector<std::string> urls = urls_of(text);
  if (!urls.empty() && std::ranges::all_of(urls, is_url)) return "";
  return "expected nats://HOST:PORT, or several with commas between them";
}

}  // namespace

void add_server_options(const terminal::Command& verb, const char* name, bridge::ServerOptions& server) {
  verb.add_option(
          name, [&server](const std::string& text) { server.urls = urls_of(text); },
          "The server, or several of a cluster with commas between them")
      .required()
      .type_name("URL")
      .check(check_urls);
  verb.add_option(
          "--creds", [&server](const std::string& text) { server.creds = text; },
          "A file of credentials for the server")
      .type_name("FILE");
  verb.add_option(
          "--tls-ca", [&server](const std::string& text) { server.tls_ca = text; },
          "Use TLS, and trust servers whose certificates these sign")
      .type_name("FILE");
}

}  // namespace arena_shm::tool
