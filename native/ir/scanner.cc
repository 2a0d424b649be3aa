#include "ir/scanner.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "ir/limits.h"
#include "ir/text.h"

namespace slimnet {
namespace {

constexpr size_t kShown = 24;  // characters of the offending text in a message

bool IsWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

bool Scanner::Take(std::string_view text) {
  if (!Peek(text)) return false;
  at_ += text.size();
  return true;
}

void Scanner::Expect(std::string_view text) {
  if (!Take(text)) FailExpected(Quote(text));
}

void Scanner::ExpectEnd() {
  if (!AtEnd()) FailExpected("the end of the line");
}

std::string_view Scanner::Word(std::string_view what) {
  size_t end = at_;
  while (end < line_.size() && IsWord(line_[end])) ++end;
  if (end == at_) FailExpected(what);
  const std::string_view word = line_.substr(at_, end - at_);
  at_ = end;
  return word;
}

std::string_view Scanner::NumberToken() const {
  size_t end = at_;
  while (end < line_.size() && (IsWord(line_[end]) || line_[end] == '.' || line_[end] == '-' || line_[end] == '+'))
    ++end;
  return line_.substr(at_, end - at_);
}

int64_t Scanner::Integer(std::string_view what, int64_t smallest, int64_t largest) {
  const std::string_view token = NumberToken();
  int64_t value = 0;
  const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (failed == std::errc::invalid_argument || end != token.data() + token.size()) FailExpected(what);
  if (failed != std::errc{} || value < smallest || value > largest) {
    Fail(std::string(what) + ": expected " + std::to_string(smallest) + " to " + std::to_string(largest) +
         ", received " + std::string(token.substr(0, kShown)));
  }
  if (std::to_string(value) != token && token != "-0") FailExpected(std::string(what) + " without superfluous digits");
  at_ += token.size();
  return value;
}

double Scanner::Number() {
  const std::string_view token = NumberToken();
  double value = 0;
  if (token == "inf") {
    value = std::numeric_limits<double>::infinity();
  } else if (token == "-inf") {
    value = -std::numeric_limits<double>::infinity();
  } else if (token == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    // from_chars also takes "infinity" and "nan(...)", which the encoder never writes.
    const bool starts =
        !token.empty() && (IsDigit(token[0]) || (token.size() > 1 && token[0] == '-' && IsDigit(token[1])));
    if (!starts) FailExpected("a number");
    const auto [end, failed] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (end != token.data() + token.size()) FailExpected("a number");
    if (failed != std::errc{}) Fail("the number " + std::string(token.substr(0, kShown)) + " does not fit a double");
    if (NumberText(value) != token) Fail("expected the shortest text of the number, " + NumberText(value));
  }
  at_ += token.size();
  return value;
}

bool Scanner::Bool() {
  if (Take("true")) return true;
  if (Take("false")) return false;
  FailExpected("true or false");
}

DType Scanner::Type() {
  const size_t start = at_;
  const std::string_view word = Word("a dtype");
  const auto dtype = ParseDType(word);
  if (!dtype) {
    at_ = start;
    FailExpected("a dtype");
  }
  return *dtype;
}

char Scanner::Escaped() {
  if (Take("\"")) return '"';
  if (Take("\\")) return '\\';
  if (Peek("u00") && line_.size() - at_ >= 5) {
    const int high = HexDigit(line_[at_ + 3]);
    const int low = HexDigit(line_[at_ + 4]);
    const int code = high * 16 + low;
    if (high >= 0 && low >= 0 && (code < 0x20 || code == 0x7f)) {
      at_ += 5;
      return static_cast<char>(code);
    }
  }
  FailExpected(R"(one of the escapes \", \\ and \u00XX for a control character)");
}

std::string Scanner::String(std::string_view what) {
  if (!Take("\"")) FailExpected(what);
  const size_t start = at_;
  std::string text;
  while (!Take("\"")) {
    if (AtEnd()) FailExpected("a closing quote");
    if (Take("\\")) {
      text += Escaped();
    } else {
      const auto byte = static_cast<uint8_t>(line_[at_]);
      if (byte < 0x20 || byte == 0x7f) FailExpected("a control character to be escaped");
      text += line_[at_++];
    }
    if (at_ - start > limits::kNameBytes) {
      Fail(std::string(what) + " is longer than " + std::to_string(limits::kNameBytes) + " bytes");
    }
  }
  if (!IsUtf8(text)) Fail(std::string(what) + " is not UTF-8");
  return text;
}

void Scanner::Fail(const std::string& problem) const {
  throw Error(ErrorCode::kPlan, std::string(text_) + " line " + std::to_string(number_) + ", column " +
                                    std::to_string(at_ + 1) + ": " + problem + ".");
}

void Scanner::FailExpected(std::string_view what) const {
  std::string found = "the end of the line";
  if (!AtEnd()) {
    // Cut between characters, so that the message stays UTF-8.
    std::string_view rest = line_.substr(at_, kShown);
    while (!rest.empty() && !IsUtf8(rest)) rest.remove_suffix(1);
    found = rest.empty() ? "bytes that are not UTF-8" : Quote(rest);
  }
  Fail("expected " + std::string(what) + ", received " + found);
}

TensorType ReadTensorType(Scanner& scanner) {
  TensorType type;
  type.dtype = scanner.Type();
  scanner.Expect("[");
  while (!scanner.Take("]")) {
    if (!type.shape.empty()) scanner.Expect(",");
    if (type.shape.size() == limits::kRank)
      scanner.Fail("a shape has more than " + std::to_string(limits::kRank) + " dimensions");
    type.shape.push_back(scanner.Integer("a dimension", 0, limits::kDimension));
  }
  if (std::find(type.shape.begin(), type.shape.end(), 0) != type.shape.end()) return type;
  int64_t count = 1;
  for (const int64_t dimension : type.shape) {
    // Both factors are below 2^41 and 2^31: no overflow.
    if (count > limits::kElements / dimension) {
      scanner.Fail(ToString(type) + " has more than " + std::to_string(limits::kElements) + " elements");
    }
    count *= dimension;
  }
  return type;
}

}  // namespace slimnet
