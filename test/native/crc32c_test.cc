#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace slimnet {
namespace {

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

std::vector<std::byte> PseudoRandom(size_t count) {
  std::vector<std::byte> bytes(count);
  uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(Crc32cPortable(BytesOf("123456789"), 0), 0xe3069283U);
  EXPECT_EQ(Crc32c(BytesOf("123456789")), 0xe3069283U);
  EXPECT_EQ(Crc32c({}), 0U);
  const std::vector<std::byte> zeros(32);
  EXPECT_EQ(Crc32c(zeros), 0x8a9136aaU);  // RFC 3720, B.4
}

TEST(Crc32c, BothWaysAgree) {
  if (!HasCrc32cInstruction()) GTEST_SKIP() << "the processor has no instruction for it";
  const std::vector<std::byte> bytes = PseudoRandom(30'000);
  const std::span<const std::byte> all(bytes);
  for (const size_t length : {0U, 1U, 7U, 8U, 9U, 100U, 2047U, 6143U, 6144U, 6145U, 12'288U, 20'000U, 29'000U}) {
    for (size_t offset = 0; offset < 10; ++offset) {
      const auto part = all.subspan(offset, length);
      const auto seed = static_cast<uint32_t>(length * 77 + offset);
      ASSERT_EQ(Crc32cInstruction(part, seed), Crc32cPortable(part, seed)) << length << " from " << offset;
    }
  }
}

TEST(Crc32c, Continues) {
  const std::vector<std::byte> bytes = PseudoRandom(10'000);
  const std::span<const std::byte> all(bytes);
  for (const size_t cut : {0U, 1U, 6144U, 9999U}) {
    EXPECT_EQ(Crc32c(all.subspan(cut), Crc32c(all.first(cut))), Crc32c(all));
  }
}

}  // namespace
}  // namespace slimnet
