// Which engines cuDNN has on an H200 for the graphs of slimnet's networks: a table that is committed, so that another
// cuDNN, or a graph that is written otherwise, shows what it changes. UPDATE_GOLDEN=1 writes it anew.
//
// The table of the whole cuDNN, which a device has, is made by scripts/golden/make_cudnn_engines.sh, as its packages
// take 0.8 GB: SLIMNET_CUDNN_ENGINES names the file to write, SLIMNET_CUDNN_ROOT the library.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "base/error.h"
#include "native/cudnn/engine_patterns.h"
#include "native/cudnn/plan_case.h"

namespace slimnet::cudnn::testing {
namespace {

// "44 41x12 0~": each engine, how often where more than once, and a tilde where it gives other bits each time.
std::string EnginesOf(const std::vector<Candidate>& candidates, bool fallback) {
  std::map<int64_t, int> counts;
  std::set<int64_t> other_bits;
  int all = 0;
  for (const Candidate& candidate : candidates) {
    if (candidate.fallback != fallback) continue;
    ++counts[candidate.engine];
    if (candidate.notes.nondeterministic) other_bits.insert(candidate.engine);
    ++all;
  }
  std::string text = std::to_string(all);
  std::string separator = " (";
  for (const auto& [engine, count] : counts) {
    text += separator + std::to_string(engine) + (count == 1 ? "" : "x" + std::to_string(count)) +
            (other_bits.contains(engine) ? "~" : "");
    separator = " ";
  }
  return counts.empty() ? text : text + ")";
}

// What the rules of every program choose, and for which processor its kernel was written.
std::string ChosenFor(const Plans& plans, const Graph& graph) {
  std::string engine;
  try {
    engine = plans.Build(graph, {})->engine();
  } catch (const Error&) {
    return "none";
  }
  static const std::regex kArch("sm_?(\\d+)");
  std::smatch match;
  const std::string number = engine.substr(0, engine.find(':'));
  return std::regex_search(engine, match, kArch) ? number + " sm_" + match[1].str() : number;
}

std::string TableOf(const Plans& plans) {
  std::string table = "graph | heuristics A | fallback | chosen\n";
  for (const auto& [name, make] : EnginePatterns()) {
    const Graph graph = make();
    std::string heuristics, fallback;
    try {
      const std::vector<Candidate> candidates = plans.Candidates(graph);
      heuristics = EnginesOf(candidates, false);
      fallback = EnginesOf(candidates, true);
    } catch (const Error&) {
      heuristics = fallback = "refused";
    }
    table += name + " | " + heuristics + " | " + fallback + " | " + ChosenFor(plans, graph) + "\n";
  }
  return table;
}

std::string Contents(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(CudnnEngines, OfThePinnedCudnnAreThoseOfTheTable) {
  SLIMNET_NEEDS_CUDNN();
  const std::string file = SLIMNET_TEST_DATA "/native/cudnn/golden/engines_jit.txt";
  const std::string table = TableOf(PinnedPlans());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(file) << table;
  EXPECT_EQ(table, Contents(file));
}

TEST(CudnnEngines, OfTheWholeCudnnAreWrittenWhereAsked) {
  const char* const file = std::getenv("SLIMNET_CUDNN_ENGINES");
  if (file == nullptr) GTEST_SKIP() << "not run without SLIMNET_CUDNN_ENGINES: the whole cuDNN takes 0.8 GB";
  slimnet::testing::OpenStandIns();
  const Plans plans(Library::Open(DefaultPlaces()), {nullptr, slimnet::testing::H200()});
  std::ofstream(file) << TableOf(plans);
}

}  // namespace
}  // namespace slimnet::cudnn::testing
