#include "base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace slimnet {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // bit-reversed 0x1edc6f41

using Table = std::array<uint32_t, 256>;

// tables[k][b]: what byte b contributes when k more bytes follow it in the same word.
constexpr std::array<Table, 8> MakeByteTables() {
  std::array<Table, 8> tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    tables[0][b] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t b = 0; b < 256; ++b) {
      const uint32_t before = tables[k - 1][b];
      tables[k][b] = (before >> 8) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kByteTables = MakeByteTables();

uint64_t LoadWord(const std::byte* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

uint32_t StepByte(uint32_t state, std::byte byte) {
  return (state >> 8) ^ kByteTables[0][(state ^ static_cast<uint32_t>(byte)) & 0xffU];
}

}  // namespace

uint32_t Crc32cPortable(std::span<const std::byte> bytes, uint32_t seed) {
  uint32_t state = ~seed;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const uint64_t word = LoadWord(at) ^ state;
    state = 0;
    for (size_t i = 0; i < 8; ++i) state ^= kByteTables[7 - i][(word >> (8 * i)) & 0xffU];
  }
  for (; left > 0; --left, ++at) state = StepByte(state, *at);
  return ~state;
}

#if defined(__x86_64__)
namespace {

// The instruction takes three cycles but starts anew in each: three independent streams of this many bytes keep it
// busy.
constexpr size_t kLane = 2048;

// A linear map on 32-bit states: column i is the image of bit i.
using Matrix = std::array<uint32_t, 32>;

constexpr uint32_t Times(const Matrix& matrix, uint32_t vector) {
  uint32_t sum = 0;
  for (size_t i = 0; i < 32; ++i) {
    if (((vector >> i) & 1U) != 0) sum ^= matrix[i];
  }
  return sum;
}

// Appending kLane zero bytes to a message does this to its state; byte by byte of the state.
constexpr std::array<Table, 4> MakeLaneTables() {
  Matrix shift{};
  for (size_t i = 0; i < 32; ++i) {
    const uint32_t bit = uint32_t{1} << i;
    shift[i] = (bit >> 1) ^ ((bit & 1U) != 0 ? kPolynomial : 0U);  // one zero bit
  }
  for (size_t bits = 1; bits < 8 * kLane; bits *= 2) {
    Matrix square{};
    for (size_t i = 0; i < 32; ++i) square[i] = Times(shift, shift[i]);
    shift = square;
  }
  std::array<Table, 4> tables{};
  for (size_t k = 0; k < 4; ++k) {
    for (uint32_t b = 0; b < 256; ++b) tables[k][b] = Times(shift, b << (8 * k));
  }
  return tables;
}
static_assert(std::has_single_bit(8 * kLane), "the shift is made by squaring");

constexpr std::array<Table, 4> kLaneTables = MakeLaneTables();

uint32_t PastLane(uint64_t state) {
  return kLaneTables[0][state & 0xffU] ^ kLaneTables[1][(state >> 8) & 0xffU] ^ kLaneTables[2][(state >> 16) & 0xffU] ^
         kLaneTables[3][(state >> 24) & 0xffU];
}

}  // namespace

bool HasCrc32cInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2,crc32"))) uint32_t Crc32cInstruction(std::span<const std::byte> bytes, uint32_t seed) {
  uint64_t state = static_cast<uint32_t>(~seed);
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kLane; left -= 3 * kLane, at += 3 * kLane) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      state = _mm_crc32_u64(state, LoadWord(at + i));
      second = _mm_crc32_u64(second, LoadWord(at + kLane + i));
      third = _mm_crc32_u64(third, LoadWord(at + 2 * kLane + i));
    }
    state = PastLane(PastLane(state) ^ second) ^ third;
  }
  for (; left >= 8; left -= 8, at += 8) state = _mm_crc32_u64(state, LoadWord(at));
  auto narrow = static_cast<uint32_t>(state);
  for (; left > 0; --left, ++at) narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*at));
  return ~narrow;
}
#else
bool HasCrc32cInstruction() { return false; }
uint32_t Crc32cInstruction(std::span<const std::byte> bytes, uint32_t seed) { return Crc32cPortable(bytes, seed); }
#endif

uint32_t Crc32c(std::span<const std::byte> bytes, uint32_t seed) {
  return HasCrc32cInstruction() ? Crc32cInstruction(bytes, seed) : Crc32cPortable(bytes, seed);
}

}  // namespace slimnet
