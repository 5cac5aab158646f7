#include "plot/udp_lines.hpp"

#include <gtest/gtest.h>

#include <array>

#include "support/code_of.hpp"

namespace arena_shm::plot {
namespace {

using Texts = std::vector<std::string>;

TEST(UdpLinesTest, EachTimeWithAnExtremeIsALine) {
  InfluxLines lines("my ring", {{.name = "px", .unit = "", .field = {}}, {.name = "a=b", .unit = "", .field = {}}});
  EXPECT_EQ(lines.take(), Texts{});
  lines.add(100, std::array{1.5, 7.0});
  EXPECT_EQ(lines.take(), Texts{"my\\ ring px=1.5,a\\=b=7 100\n"});
  for (std::int64_t at = 0; at < 1000; ++at) lines.add(at, std::array{at == 333 ? 9.0 : 1.0, static_cast<double>(at)});
  EXPECT_EQ(lines.take(), Texts{"my\\ ring px=1,a\\=b=0 0\nmy\\ ring px=9 333\nmy\\ ring a\\=b=999 999\n"});
  EXPECT_EQ(lines.take(), Texts{});
}

TEST(UdpLinesTest, NoDatagramIsLongerThanAllowedAndLinesAreWhole) {
  std::vector<Series> series(300);
  for (std::size_t i = 0; i < series.size(); ++i) series[i].name = "field" + std::to_string(i);
  InfluxLines lines("ring", series);
  lines.add(123456789, std::vector<double>(series.size(), 0.1));
  const Texts datagrams = lines.take();
  EXPECT_GT(datagrams.size(), 2U);
  std::size_t values = 0;
  for (const std::string& datagram : datagrams) {
    EXPECT_LE(datagram.size(), kMostDatagramBytes);
    EXPECT_TRUE(datagram.starts_with("ring field"));
    EXPECT_TRUE(datagram.ends_with(" 123456789\n"));
    for (const char c : datagram) values += c == '=' ? 1 : 0;
  }
  EXPECT_EQ(values, series.size());
}

TEST(UdpLinesTest, AddressesThatCannotBeAreRefused) {
  for (const char* address : {"", "9870", ":9870", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x"})
    EXPECT_EQ(test::code_of([&] { UdpSender sender(address); }), Code::invalid_argument) << address;
  UdpSender to_nobody("127.0.0.1:9");
  to_nobody.send("x");
  to_nobody.send("x");
  UdpSender("[::1]:9").send("x");
}

}  // namespace
}  // namespace arena_shm::plot
