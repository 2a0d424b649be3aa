// A cursor over one line of a plan, or of a text that is written in its vocabulary. Every expectation that is not met
// is an Error{kPlan} with line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/dtype.h"
#include "base/error.h"
#include "ir/program.h"

namespace slimnet {

class Scanner {
 public:
  // `text` is what the line is of, in errors.
  Scanner(std::string_view line, size_t number, std::string_view text = "Plan")
      : text_(text), line_(line), number_(number) {}

  bool AtEnd() const { return at_ == line_.size(); }
  bool Peek(std::string_view text) const { return line_.substr(at_, text.size()) == text; }
  // Takes `text` when it comes next.
  bool Take(std::string_view text);
  void Expect(std::string_view text);
  void ExpectEnd();

  // Letters, digits and underscores; not empty. The view lives as long as the plan's text.
  std::string_view Word(std::string_view what);
  // An integer between `smallest` and `largest`.
  int64_t Integer(std::string_view what, int64_t smallest, int64_t largest);
  double Number();
  bool Bool();
  DType Type();
  // A quoted string, at most limits::kNameBytes between its quotes.
  std::string String(std::string_view what);

  // Throws: "Plan line 3, column 9: <problem>."
  [[noreturn]] void Fail(const std::string& problem) const;
  // Throws: "...: expected <what>, received <what stands there>."
  [[noreturn]] void FailExpected(std::string_view what) const;

 private:
  // The number's characters at the cursor.
  std::string_view NumberToken() const;
  char Escaped();

  std::string_view text_;
  std::string_view line_;
  size_t number_;
  size_t at_ = 0;
};

// dtype and dimensions, `float32[1,224,224,3]`, within the limits.
TensorType ReadTensorType(Scanner& scanner);

}  // namespace slimnet
