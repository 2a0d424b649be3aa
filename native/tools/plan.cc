// Runs the passes on a plan and prints what becomes of it.
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
#include "tools/command_line/options.h"

namespace {

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
  return names;
}

int Main(int argc, char** argv) {
  std::string backend = "null";
  slimnet::PipelineOptions pipeline;
  pipeline.verify = true;
  std::vector<std::string> others;
  slimnet::tools::Options options("slimnet_plan [options] < in.plan > out.plan");
  options.Text("--backend NAME", "for which the plan is optimized (null)", backend);
  options.Each("--passes A,B", "these passes alone", [&](const std::string& list) { pipeline.passes = Split(list); });
  if (!options.Read(argc, argv, others)) return 0;
  if (!others.empty()) {
    throw slimnet::Error(slimnet::ErrorCode::kArgument,
                         "The plan comes from standard input, not from " + others[0] + ".");
  }
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  slimnet::Program program = slimnet::Parse(text);
  slimnet::RunPipeline(program, *slimnet::MakeBackend(backend, {}), pipeline);
  std::cout << slimnet::Print(program);
  std::fprintf(stderr, "%zu nodes, arena %zu bytes\n", program.nodes.size(), program.arena_bytes);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return slimnet::tools::RunTool([&] { return Main(argc, argv); });
}
