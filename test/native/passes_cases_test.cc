// The plans of test/plan/cases, each through the passes that it names.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "backends/null/null.h"
#include "ir/program.h"
#include "passes/pipeline.h"

namespace slimnet {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The text between two marker lines, or up to the end.
std::string Section(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t from = text.find(begin);
  if (from == std::string::npos) return "";
  const size_t start = from + begin.size();
  const size_t to = end.empty() ? std::string::npos : text.find(end, start);
  return text.substr(start, to == std::string::npos ? to : to - start);
}

std::vector<std::filesystem::path> CaseFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(SLIMNET_TEST_DATA) / "plan" / "cases")) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class PassCases : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(PassCases, GiveTheExpectedPlan) {
  const std::string text = ReadFile(GetParam());
  std::istringstream names(Section(text, "passes: ", "\n"));
  PipelineOptions options;
  options.verify = true;
  options.passes.emplace();
  for (std::string name; std::getline(names, name, ',');) options.passes->push_back(name);
  ASSERT_FALSE(options.passes->empty());
  Program program = Parse(Section(text, "--- input\n", "--- expected\n"));
  RunPipeline(program, *NullEntry().make({}), options);
  EXPECT_EQ(Print(program), Section(text, "--- expected\n", ""));
}

INSTANTIATE_TEST_SUITE_P(Files, PassCases, ::testing::ValuesIn(CaseFiles()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace slimnet
