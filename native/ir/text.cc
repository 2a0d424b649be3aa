#include "ir/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace slimnet {
namespace {

// JavaScript writes exponents from 1e21 on and below 1e-6.
constexpr int kLargestPlainExponent = 20;
constexpr int kSmallestPlainExponent = -6;

// Digits and decimal exponent of the shortest text: value = 0.d1d2d3... * 10^(exponent + 1).
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal Shortest(double magnitude) {
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  const size_t e = text.find('e');
  Decimal decimal;
  for (char c : text.substr(0, e)) {
    if (c != '.') decimal.digits += c;
  }
  const bool negative = text[e + 1] == '-';
  std::from_chars(text.data() + e + 2, text.data() + text.size(), decimal.exponent);
  if (negative) decimal.exponent = -decimal.exponent;
  return decimal;
}

std::string Plain(const Decimal& decimal) {
  const auto count = static_cast<int>(decimal.digits.size());
  if (decimal.exponent < 0) return "0." + std::string(static_cast<size_t>(-decimal.exponent - 1), '0') + decimal.digits;
  if (count <= decimal.exponent + 1)
    return decimal.digits + std::string(static_cast<size_t>(decimal.exponent + 1 - count), '0');
  const auto point = static_cast<size_t>(decimal.exponent + 1);
  return decimal.digits.substr(0, point) + '.' + decimal.digits.substr(point);
}

std::string Scientific(const Decimal& decimal) {
  std::string text = decimal.digits.substr(0, 1);
  if (decimal.digits.size() > 1) text += '.' + decimal.digits.substr(1);
  text += decimal.exponent < 0 ? "e-" : "e+";
  return text + std::to_string(std::abs(decimal.exponent));
}

// Bytes that follow a leading byte, or -1 when it cannot lead.
int Continuations(uint8_t lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xc2 && lead < 0xe0) return 1;
  if (lead >= 0xe0 && lead < 0xf0) return 2;
  if (lead >= 0xf0 && lead < 0xf5) return 3;
  return -1;
}

// The second byte has a narrower range after some leading bytes: overlong forms, surrogates, beyond U+10FFFF.
bool SecondByteFits(uint8_t lead, uint8_t second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

std::string NumberText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  const Decimal decimal = Shortest(std::fabs(value));
  const bool plain = decimal.exponent >= kSmallestPlainExponent && decimal.exponent <= kLargestPlainExponent;
  return (value < 0 ? "-" : "") + (plain ? Plain(decimal) : Scientific(decimal));
}

std::string ValueText(int32_t value) { return "%" + std::to_string(value); }

std::string Quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

bool IsUtf8(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<uint8_t>(bytes[i]);
    const int more = Continuations(lead);
    if (more < 0 || bytes.size() - i <= static_cast<size_t>(more)) return false;
    for (int k = 1; k <= more; ++k) {
      const auto byte = static_cast<uint8_t>(bytes[i + static_cast<size_t>(k)]);
      if ((byte & 0xc0) != 0x80 || (k == 1 && !SecondByteFits(lead, byte))) return false;
    }
    i += 1 + static_cast<size_t>(more);
  }
  return true;
}

}  // namespace slimnet
