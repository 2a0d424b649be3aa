// Times recorded cases (docs/gpu.md) as a session would run them: through an executor's queue. Needs no Node.
//
// A case that gives other results than were recorded has no figures.
#include <cstdio>
#include <optional>
#include <string>

#include "base/error.h"
#include "ir/text.h"
#include "tools/bundle/bench.h"
#include "tools/bundle/case_options.h"
#include "tools/command_line/options.h"

namespace {

using slimnet::Error;
using slimnet::ErrorCode;
using slimnet::bundle::BenchOptions;
using slimnet::bundle::Case;
using slimnet::bundle::CaseOptions;
using slimnet::bundle::Figures;
using slimnet::bundle::kMost;

struct Options {
  CaseOptions cases;
  BenchOptions bench;
  std::string json;
};

void ReadMode(const std::string& mode, bool& throughput) {
  if (mode != "latency" && mode != "throughput") {
    throw Error(ErrorCode::kArgument, "--mode: expected latency or throughput, received " + mode + ".");
  }
  throughput = mode == "throughput";
}

// False where only help was asked for.
bool ReadOptions(int argc, char** argv, Options& to) {
  slimnet::tools::Options options("slimnet_bench_plan [options] BUNDLE...");
  // A session without options of a GPU is another than one with their defaults.
  const auto gpu = [&]() -> slimnet::GpuOptions& { return to.bench.gpu ? *to.bench.gpu : to.bench.gpu.emplace(); };
  to.cases.AddTo(options);
  options.Integer("--in-flight N", "so many runs wait or are at work at a time (1)", to.bench.in_flight, 1, 64);
  options.Each("--mode MODE", "latency or throughput, as a session's (latency)",
               [&](const std::string& mode) { ReadMode(mode, to.bench.throughput); });
  options.Integer("--runs N", "measures at least so many runs (20)", to.bench.runs, 1, kMost);
  options.Integer("--seconds N", "and at least so long (2)", to.bench.seconds, 0, kMost);
  options.Flag("--steps", "the time of each step, of one more run", to.bench.steps);
  options.Each("--no-graphs", "of GPUs: steps are queued one by one, and not as a recorded whole",
               [&](const std::string&) { gpu().graphs = false; });
  options.Each("--autotune SECONDS", "of GPUs: for each step the fastest implementation, looked for so long at most",
               [&](const std::string& seconds) {
                 gpu().autotune_seconds =
                     static_cast<double>(slimnet::tools::ReadInteger("--autotune", seconds, 0, 3600));
               });
  options.Each("--tf32", "of GPUs: float32 products may cut their inputs",
               [&](const std::string&) { gpu().allow_tf32 = true; });
  options.Text("--json FILE", "adds a line for each case", to.json);
  if (!options.Read(argc, argv, to.cases.files)) return false;
  to.bench.backend = to.cases.backend;
  to.bench.threads = static_cast<int>(to.cases.threads);
  return true;
}

// Prints the figures of a case, and adds them as a line of JSON to a file where one is named.
void Report(const BenchOptions& options, const std::string& json, const Case& item, const Figures& f) {
  const double images = f.runs_per_second * static_cast<double>(f.batch);
  std::printf("%-56s %9.3f ms (%.3f to %.3f)  %10.1f images/s  %zu runs, compiled in %.1f s, error %.3f\n",
              item.name.c_str(), 1e3 * f.median, 1e3 * f.fast, 1e3 * f.slow, images, f.runs, f.compile, f.error);
  std::fflush(stdout);
  if (json.empty()) return;
  std::FILE* const file = std::fopen(json.c_str(), "a");
  if (file == nullptr) throw Error(ErrorCode::kArgument, "Could not write " + json + ".");
  std::fprintf(file,
               "{\"case\":%s,\"backend\":%s,\"inFlight\":%lld,\"mode\":\"%s\",\"batch\":%lld,\"medianMs\":%.6g,"
               "\"fastMs\":%.6g,\"slowMs\":%.6g,\"imagesPerSecond\":%.6g,\"runs\":%zu,\"compileSeconds\":%.6g,"
               "\"firstMs\":%.6g,\"error\":%.6g,\"arenaBytes\":%zu,\"recordedSteps\":%zu,\"autotuned\":%s}\n",
               slimnet::Quote(item.name).c_str(), slimnet::Quote(options.backend).c_str(),
               static_cast<long long>(options.in_flight), options.throughput ? "throughput" : "latency",
               static_cast<long long>(f.batch), 1e3 * f.median, 1e3 * f.fast, 1e3 * f.slow, images, f.runs, f.compile,
               1e3 * f.first, f.error, f.arena_bytes, f.recorded_steps,
               options.gpu && options.gpu->autotune_seconds ? "true" : "false");
  std::fclose(file);
}

int Main(int argc, char** argv) {
  Options options;
  if (!ReadOptions(argc, argv, options)) return 0;
  size_t timed = 0;
  size_t failed = 0;
  const auto bench = slimnet::bundle::NewBench(options.bench);
  ForEachChosen(options.cases, [&](const Case& item) {
    try {
      Report(options.bench, options.json, item, bench->Time(item));
      ++timed;
    } catch (const Error& error) {
      std::printf("FAILED %s\n", error.what());
      ++failed;
    }
    return true;
  });
  std::printf("%zu timed, %zu failed\n", timed, failed);
  return timed > 0 && failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  return slimnet::tools::RunTool([&] { return Main(argc, argv); });
}
