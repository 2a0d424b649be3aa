// The arguments of a command-line tool.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace slimnet::bundle {

// Goes through the arguments. Each that is no option is a file.
class Arguments {
 public:
  Arguments(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  bool AtEnd() const { return at_ == words_.size(); }
  const std::string& Next() { return words_[at_++]; }

  std::string Value(const std::string& option) {
    if (AtEnd()) throw Error(ErrorCode::kArgument, option + " lacks its value.");
    return Next();
  }

  int64_t Integer(const std::string& option, int64_t smallest, int64_t largest) {
    const std::string text = Value(option);
    size_t used = 0;
    int64_t value = 0;
    try {
      value = std::stoll(text, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used == 0 || used != text.size() || value < smallest || value > largest) {
      throw Error(ErrorCode::kArgument, option + ": expected an integer from " + std::to_string(smallest) + " to " +
                                            std::to_string(largest) + ", received " + text + ".");
    }
    return value;
  }

 private:
  const std::vector<std::string> words_;
  size_t at_ = 0;
};

}  // namespace slimnet::bundle
