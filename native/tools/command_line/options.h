// The command line of a tool, as a table from which it is read and its help printed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace slimnet::tools {

class Options {
 public:
  // `usage`: the first line of the help.
  explicit Options(std::string usage) : usage_(std::move(usage)) {}

  // `spelled` is an option with a name for its value, "--threads N", or one that stands alone, "--list". What it is
  // given to set must live as long as this does.
  void Flag(std::string spelled, std::string help, bool& to, bool value = true);
  void Text(std::string spelled, std::string help, std::string& to);
  void Texts(std::string spelled, std::string help, std::vector<std::string>& to);  // may be repeated
  void Integer(std::string spelled, std::string help, int64_t& to, int64_t smallest, int64_t largest);
  // `take` is called with each value; a flag's is empty.
  void Each(std::string spelled, std::string help, std::function<void(const std::string& value)> take);

  // Takes the arguments in their order; those that are no option are `others`. False where help was asked for, which is
  // printed then. Throws Error{kArgument}.
  bool Read(int argc, char** argv, std::vector<std::string>& others) const;

  std::string Help() const;

 private:
  struct Option {
    std::string name;
    std::string value;  // what stands for it in the help; empty: there is none
    std::string help;
    std::function<void(const std::string& value)> take;
  };

  std::string usage_;
  std::vector<Option> options_;
};

// Throws Error{kArgument}, which names the option, for all but an integer of the range.
int64_t ReadInteger(const std::string& option, const std::string& text, int64_t smallest, int64_t largest);

// What `main` is of a tool: runs `body`, and prints what it throws. The status of what could not be done at all is 2.
int RunTool(const std::function<int()>& body);

}  // namespace slimnet::tools
