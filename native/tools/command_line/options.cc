#include "tools/command_line/options.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <utility>

#include "base/error.h"

namespace slimnet::tools {

void Options::Each(std::string spelled, std::string help, std::function<void(const std::string& value)> take) {
  const size_t space = std::min(spelled.find(' '), spelled.size());
  const std::string value = space == spelled.size() ? std::string() : spelled.substr(space + 1);
  options_.push_back({spelled.substr(0, space), value, std::move(help), std::move(take)});
}

void Options::Flag(std::string spelled, std::string help, bool& to, bool value) {
  Each(std::move(spelled), std::move(help), [&to, value](const std::string&) { to = value; });
}

void Options::Text(std::string spelled, std::string help, std::string& to) {
  Each(std::move(spelled), std::move(help), [&to](const std::string& value) { to = value; });
}

void Options::Texts(std::string spelled, std::string help, std::vector<std::string>& to) {
  Each(std::move(spelled), help + "; may be repeated", [&to](const std::string& value) { to.push_back(value); });
}

void Options::Integer(std::string spelled, std::string help, int64_t& to, int64_t smallest, int64_t largest) {
  const std::string name = spelled.substr(0, spelled.find(' '));
  Each(std::move(spelled), std::move(help),
       [&to, name, smallest, largest](const std::string& value) { to = ReadInteger(name, value, smallest, largest); });
}

bool Options::Read(int argc, char** argv, std::vector<std::string>& others) const {
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    if (word == "--help") {
      std::fputs(Help().c_str(), stdout);
      return false;
    }
    if (!word.starts_with("--")) {
      others.push_back(word);
      continue;
    }
    const auto option =
        std::find_if(options_.begin(), options_.end(), [&](const Option& each) { return each.name == word; });
    if (option == options_.end()) {
      throw Error(ErrorCode::kArgument, "Unknown option " + word + "; --help names them.");
    }
    if (option->value.empty()) {
      option->take({});
    } else if (++at < words.size()) {
      option->take(words[at]);
    } else {
      throw Error(ErrorCode::kArgument, word + " lacks its value.");
    }
  }
  return true;
}

std::string Options::Help() const {
  const auto spelled = [](const Option& option) {
    return option.value.empty() ? option.name : option.name + " " + option.value;
  };
  size_t width = 0;
  for (const Option& option : options_) width = std::max(width, spelled(option).size());
  std::string text = usage_ + "\n";
  for (const Option& option : options_) {
    std::string column = spelled(option);
    column.resize(width, ' ');
    text += "  " + column + "  " + option.help + "\n";
  }
  return text;
}

int64_t ReadInteger(const std::string& option, const std::string& text, int64_t smallest, int64_t largest) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < smallest || value > largest) {
    throw Error(ErrorCode::kArgument, option + ": expected an integer from " + std::to_string(smallest) + " to " +
                                          std::to_string(largest) + ", received " + text + ".");
  }
  return value;
}

int RunTool(const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(Name(error.code())).c_str(), error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 2;
}

}  // namespace slimnet::tools
