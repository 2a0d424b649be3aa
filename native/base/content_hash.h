// A fast hash by which contents are told apart: 128 bits, so that two contents with one hash are not to be expected.
// Not for protection against somebody who looks for such two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace slimnet {

using ContentHash = std::array<uint64_t, 2>;

namespace content_hash {

__extension__ using Wide = unsigned __int128;

// Both halves of a product: each bit of the factors reaches many of the result.
inline uint64_t Mix(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline constexpr size_t kLanes = 4;
inline constexpr size_t kBlock = kLanes * 2 * sizeof(uint64_t);
// Odd, half of their bits set: from the binary digits of pi.
inline constexpr std::array<uint64_t, 2 * kLanes> kSecrets{0x243f6a8885a308d3, 0x13198a2e03707345, 0xa4093822299f31d1,
                                                           0x082efa98ec4e6c89, 0x452821e638d01377, 0xbe5466cf34e90c6d,
                                                           0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917};

}  // namespace content_hash

// Four lanes side by side, so that a core waits for none of them: about as fast as memory gives the bytes.
inline ContentHash HashOf(std::span<const std::byte> bytes) {
  using namespace content_hash;
  std::array<uint64_t, kLanes> lanes{kSecrets[1], kSecrets[3], kSecrets[5], kSecrets[7]};
  const auto take = [&](const std::byte* block) {
    std::array<uint64_t, 2 * kLanes> words;
    std::memcpy(words.data(), block, kBlock);
    for (size_t i = 0; i < kLanes; ++i) lanes[i] = Mix(words[2 * i] ^ kSecrets[2 * i], words[2 * i + 1] ^ lanes[i]);
  };
  size_t at = 0;
  for (; at + kBlock <= bytes.size(); at += kBlock) take(bytes.data() + at);
  if (at < bytes.size()) {
    std::array<std::byte, kBlock> last{};
    std::memcpy(last.data(), bytes.data() + at, bytes.size() - at);
    take(last.data());
  }
  const uint64_t size = bytes.size();
  const uint64_t first = Mix(lanes[0] ^ kSecrets[1], lanes[1] ^ size);
  const uint64_t second = Mix(lanes[2] ^ kSecrets[3], lanes[3] ^ kSecrets[5]);
  return {Mix(first ^ kSecrets[0], second ^ kSecrets[2]), Mix(first ^ kSecrets[4], second ^ kSecrets[6] ^ size)};
}

inline ContentHash HashOf(const std::string& text) { return HashOf(std::as_bytes(std::span(text))); }

inline std::string HexOf(const ContentHash& hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint64_t half : hash) {
    for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(half >> shift) & 15];
  }
  return text;
}

}  // namespace slimnet
