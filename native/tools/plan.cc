// Runs the passes on a plan: slimnet_plan [--backend null] [--passes a,b] < in.plan > out.plan
#include <cstdio>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/error.h"
#include "ir/program.h"
#include "passes/pipeline.h"

namespace {

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

void Run(const std::vector<std::string>& arguments) {
  std::string backend = "null";
  slimnet::PipelineOptions options;
  options.verify = true;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    if (arguments[i] == "--backend") {
      backend = arguments[i + 1];
    } else if (arguments[i] == "--passes") {
      options.passes = Split(arguments[i + 1]);
    } else {
      throw slimnet::Error(slimnet::ErrorCode::kArgument,
                           "Unknown option " + arguments[i] + "; there are --backend and --passes.");
    }
  }
  if (arguments.size() % 2 != 0) throw slimnet::Error(slimnet::ErrorCode::kArgument, "An option lacks its value.");
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  slimnet::Program program = slimnet::Parse(text);
  slimnet::RunPipeline(program, *slimnet::MakeBackend(backend, {}), options);
  std::cout << slimnet::Print(program);
  std::fprintf(stderr, "%zu nodes, arena %zu bytes\n", program.nodes.size(), program.arena_bytes);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Run({argv + 1, argv + argc});
    return 0;
  } catch (const slimnet::Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(slimnet::Name(error.code())).c_str(), error.what());
    return 1;
  }
}
