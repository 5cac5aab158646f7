// The least that a publisher can do: messages of one size, asynchronously, to a stream that is there.
//
//   arena-nats-loop URL SUBJECT MESSAGES BYTES
#include <nats/nats.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr int kMostUnderWay = 256;  // as many as of forward

void check(natsStatus status, const char* what) {
  if (status == NATS_OK) return;
  std::fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
  std::exit(1);
}

}  // namespace

int main(int count, char** words) {
  if (count != 5) {
    std::fprintf(stderr, "usage: arena-nats-loop URL SUBJECT MESSAGES BYTES\n");
    return 2;
  }
  const long messages = std::atol(words[3]);
  const std::string data(static_cast<std::size_t>(std::atol(words[4])), 'x');
  natsConnection* connection = nullptr;
  check(natsConnection_ConnectTo(&connection, words[1]), "connect");
  jsOptions options;
  jsOptions_Init(&options);
  options.PublishAsync.MaxPending = kMostUnderWay;
  options.PublishAsync.StallWait = 10'000;  // ms
  jsCtx* jetstream = nullptr;
  check(natsConnection_JetStream(&jetstream, connection, &options), "use JetStream");
  for (long i = 0; i < messages; ++i)
    check(js_PublishAsync(jetstream, words[2], data.data(), static_cast<int>(data.size()), nullptr), "publish");
  check(js_PublishAsyncComplete(jetstream, nullptr), "await the answers");
  jsCtx_Destroy(jetstream);
  natsConnection_Destroy(connection);
  nats_Close();
}
