#include "backends/cudnn/graph/plans.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "backends/cudnn/graph/built_plan.h"
#include "backends/cudnn/graph/descriptor.h"
#include "backends/cudnn/graph/device_text.h"
#include "backends/cudnn/graph/lower.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace at = abi::attribute;

// Graphs whose plans, or whose lack of one, are remembered. A network has some hundred.
constexpr size_t kMostRemembered = 4096;

// Engines that cuDNN is asked for at first.
constexpr int64_t kFew = 2;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max() / 4;

bool HasFloat32Product(const Graph& graph) {
  const auto is_float32 = [&](Tensor tensor) { return graph.info(tensor).type == DType::kFloat32; };
  return std::ranges::any_of(graph.steps(), [&](const Step& step) {
    if (const auto* matmul = std::get_if<MatmulStep>(&step)) return is_float32(matmul->a) || is_float32(matmul->b);
    const auto* convolution = std::get_if<ConvolutionStep>(&step);
    if (convolution == nullptr) return false;
    // What is read: two of the three.
    using Direction = ConvolutionStep::Direction;
    return (convolution->direction != Direction::kBackwardData && is_float32(convolution->x)) ||
           (convolution->direction != Direction::kBackwardFilter && is_float32(convolution->w)) ||
           (convolution->direction != Direction::kForward && is_float32(convolution->y));
  });
}

std::string KeyOf(const Graph& graph, const PlanRules& rules, bool tuned) {
  std::ostringstream key;
  key << (tuned ? "tuned" : "first") << " tf32 " << rules.allow_tf32 << " deterministic " << rules.deterministic
      << " workspace " << rules.workspace_bytes << '\n'
      << graph.Text();
  return key.str();
}

// What a step is called in the sentence of an error.
std::string NameOf(const Step& step) {
  static constexpr std::array kNames = {"convolution", "pointwise",    "matmul",        "reduction",    "pooling",
                                        "statistics",  "norm forward", "norm backward", "norm finalize"};
  return kNames[step.index()];
}

std::string Outline(const Graph& graph) {
  std::string text;
  for (const Step& step : graph.steps()) text += (text.empty() ? "" : " + ") + NameOf(step);
  return text;
}

}  // namespace

const char* Forbids(const PlanRules& rules, bool float32_product, const NumericalNotes& notes) {
  if (notes.down_converts) return "computes with smaller types than the graph's";
  if (notes.tensor_core && float32_product && !rules.allow_tf32) return "computes in TF32";
  if (notes.reduced_reduction && float32_product) return "sums in less than float32";
  if (notes.nondeterministic && rules.deterministic) return "gives other bits each time";
  return nullptr;
}

class Plans::Impl {
 public:
  Impl(std::shared_ptr<const Library> library, PlanTarget target, std::shared_ptr<PlanFolder> folder)
      : library_(std::move(library)),
        target_(library_, std::move(target)),
        folder_(std::move(folder)),
        fingerprint_(FingerprintOf(library_->version(), target_.properties())) {
    if (target_.problem().empty()) return;
    // What plans depend on is not known: none is kept, and none is taken.
    folder_problem_ = target_.problem();
    folder_ = nullptr;
  }

  std::vector<Candidate> Candidates(const Graph& graph) const {
    const Descriptor lowered = Lower(library_, graph, target_);
    std::vector<Candidate> candidates;
    for (const bool fallback : {false, true}) {
      EachOffer(lowered, fallback, kAll, [&](const Offer& offer) {
        candidates.push_back(offer.candidate);
        return true;
      });
    }
    return candidates;
  }

  std::shared_ptr<const Plan> Build(const Graph& graph, const PlanRules& rules) {
    return Remembered(graph, KeyOf(graph, rules, false), true, [&] {
      std::shared_ptr<const Plan> plan;
      ForEachPlan(graph, rules, kFew, [&](std::shared_ptr<const Plan> built) {
        plan = std::move(built);
        return false;  // the first one is enough
      });
      return plan;
    });
  }

  std::shared_ptr<const Plan> Tune(const Graph& graph, const PlanRules& rules, const Autotune& autotune) {
    return Remembered(graph, KeyOf(graph, rules, true), false, [&] {
      const double end = autotune.now() + autotune.seconds;
      std::shared_ptr<const Plan> first, best;
      double best_seconds = 0;
      size_t tried = 0;
      std::optional<Error> failure;
      ForEachPlan(graph, rules, kAll, [&](std::shared_ptr<const Plan> plan) {
        if (!first) first = plan;
        try {
          const double seconds = autotune.measure(*plan);
          if (!best || seconds < best_seconds) {
            best = std::move(plan);
            best_seconds = seconds;
          }
        } catch (const Error& error) {
          if (error.code() == ErrorCode::kMemory) throw;
          if (!failure) failure = error;  // an engine that does not run is no choice
        }
        return ++tried < autotune.candidates && autotune.now() < end;
      });
      if (!best && failure) throw Error(*failure);
      return best ? best : first;
    });
  }

  const std::string& properties() const { return target_.properties(); }
  const std::string& fingerprint() const { return fingerprint_; }
  std::string FolderProblem() const {
    const std::lock_guard lock(mutex_);
    return folder_problem_;
  }

 private:
  // What was left out of a graph's candidates, and why, for the error if nothing is left.
  class LeftOut {
   public:
    void Add(const std::string& reason) {
      for (auto& [known, count] : reasons_) {
        if (known == reason) {
          ++count;
          return;
        }
      }
      reasons_.emplace_back(reason, 1);
    }

    std::string Text() const {
      if (reasons_.empty()) return "cuDNN offers no engine for it";
      std::string text;
      for (const auto& [reason, count] : reasons_) {
        text += (text.empty() ? "" : "; ") + std::to_string(count) +
                (count == 1 ? " engine, which " : " engines, each of which ") + reason;
      }
      return text;
    }

   private:
    std::vector<std::pair<std::string, int>> reasons_;
  };

  struct Offer {
    Descriptor config;
    Candidate candidate;
  };

  // A plan, or why there is none.
  struct Answer {
    std::shared_ptr<const Plan> plan;
    std::string refusal;
  };

  Candidate Examine(const Descriptor& config) const {
    std::array<Descriptor, 1> engine{Descriptor(library_, abi::descriptor::kEngine, "an engine")};
    config.GetDescriptors(at::kEngineCfgEngine, engine);
    Candidate candidate;
    candidate.engine = engine[0].GetInt(at::kEngineGlobalIndex);
    std::array<int, 64> notes{};
    const int64_t count =
        engine[0].Get(at::kEngineNumericalNote, abi::type::kNumericalNote, notes.size(), notes.data());
    for (int64_t i = 0; i < count; ++i) {
      const int note = notes[static_cast<size_t>(i)];
      candidate.notes.tensor_core |= note == abi::note::kTensorCore;
      candidate.notes.down_converts |= note == abi::note::kDownConvertInputs;
      candidate.notes.reduced_reduction |= note == abi::note::kReducedPrecisionReduction;
      candidate.notes.nondeterministic |= note == abi::note::kNondeterministic;
      candidate.notes.fft |= note == abi::note::kFft;
      candidate.notes.winograd |= note == abi::note::kWinograd;
    }
    return candidate;
  }

  Descriptor PlanOf(const Descriptor& config) const {
    Descriptor plan(library_, abi::descriptor::kExecutionPlan, "a plan");
    target_.OfPlan(plan);
    plan.SetDescriptor(at::kExecutionPlanEngineConfig, config);
    plan.Finalize();
    return plan;
  }

  // Gives the engines of one of the two lists to `take`, in cuDNN's order, as long as it says so; false: it did not.
  // cuDNN makes an engine ready when it is asked for, which takes some ten milliseconds for each that it compiles for a
  // shape: asked for `at_first`, and for four times as many, from the first one on, where those do not do.
  bool EachOffer(const Descriptor& graph, bool fallback, int64_t at_first,
                 const std::function<bool(const Offer&)>& take) const {
    Descriptor heuristics(library_, abi::descriptor::kEngineHeur, "heuristics");
    heuristics.SetDescriptor(at::kEngineHeurOperationGraph, graph);
    heuristics.SetEnum(at::kEngineHeurMode, abi::type::kHeurMode, fallback ? abi::kHeurModeFallback : abi::kHeurModeA);
    target_.OfHeuristics(heuristics);
    heuristics.Finalize();
    // Without those that then turn out not to take the graph.
    const int64_t count = heuristics.Count(at::kEngineHeurResults, abi::type::kDescriptor);
    int64_t seen = 0;
    for (int64_t wanted = std::min(count, at_first); seen < count; wanted = std::min(count, 4 * wanted)) {
      std::vector<Descriptor> configs;
      for (int64_t i = 0; i < wanted; ++i) configs.emplace_back(library_, abi::descriptor::kEngineCfg, "an engine");
      const int64_t found = std::min(wanted, heuristics.GetDescriptors(at::kEngineHeurResults, configs));
      for (; seen < found; ++seen) {
        Descriptor& config = configs[static_cast<size_t>(seen)];
        Candidate candidate = Examine(config);
        candidate.fallback = fallback;
        if (!take({std::move(config), candidate})) return false;
      }
      if (found < wanted) break;
    }
    return true;
  }

  // Builds one plan after the other, of those that the rules allow, as long as `take` says so. Error{kBackend} where
  // there was none.
  void ForEachPlan(const Graph& graph, const PlanRules& rules, int64_t at_first,
                   const std::function<bool(std::shared_ptr<const Plan>)>& take) const {
    const Descriptor lowered = Lower(library_, graph, target_);
    const bool float32_product = HasFloat32Product(graph);
    LeftOut left_out;
    bool any = false;
    const auto try_offer = [&](const Offer& offer) {
      if (const char* const why = Forbids(rules, float32_product, offer.candidate.notes)) {
        left_out.Add(why);
        return true;
      }
      std::shared_ptr<const Plan> plan;
      try {
        plan = std::make_shared<BuiltPlan>(PlanOf(offer.config), graph, offer.candidate.notes);
      } catch (const Error& error) {
        left_out.Add(std::string("could not be built: ") + error.what());
        return true;
      }
      if (plan->workspace_bytes() > rules.workspace_bytes) {
        left_out.Add("needs a workspace of more than " + std::to_string(rules.workspace_bytes) + " bytes");
        return true;
      }
      any = true;
      return take(std::move(plan));
    };
    for (const bool fallback : {false, true}) {
      if (!EachOffer(lowered, fallback, at_first, try_offer)) return;
    }
    if (any) return;
    throw Error(ErrorCode::kBackend,
                library_->description() + " cannot compute " + Outline(graph) + ": " + left_out.Text() + ".");
  }

  std::shared_ptr<const Plan> FromFolder(const Graph& graph, const std::string& key) const {
    if (!folder_) return nullptr;
    const std::optional<std::string> kept = folder_->Find(fingerprint_ + "\n" + key);
    if (!kept) return nullptr;
    try {
      return LoadPlan(library_, target_, graph, *kept);
    } catch (const Error&) {
      return nullptr;  // made by something that differs after all: built again, and written over
    }
  }

  // Why it could not be kept; empty: it could.
  std::string Keep(const std::string& key, const Plan& plan) const {
    try {
      return folder_->Keep(fingerprint_ + "\n" + key, StoredText(plan));
    } catch (const Error& error) {
      return error.what();  // an engine whose plans cuDNN does not write
    }
  }

  // That no engine takes a graph stays so; what went wrong while plans were run may not.
  template <class F>
  std::shared_ptr<const Plan> Remembered(const Graph& graph, const std::string& key, bool remember_refusal, F&& make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto known = answers_.find(key); known != answers_.end()) {
        if (known->second.plan) return known->second.plan;
        throw Error(ErrorCode::kBackend, known->second.refusal);
      }
    }
    Answer answer{FromFolder(graph, key), {}};
    if (!answer.plan) {
      try {
        answer.plan = make();
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kBackend || !remember_refusal) throw;
        answer.refusal = error.what();
      }
      if (answer.plan && folder_) {
        const std::string problem = Keep(key, *answer.plan);
        const std::lock_guard lock(mutex_);
        folder_problem_ = problem;
      }
    }
    const std::lock_guard lock(mutex_);
    if (answers_.size() >= kMostRemembered) answers_.clear();
    answers_.insert_or_assign(key, answer);
    if (!answer.plan) throw Error(ErrorCode::kBackend, answer.refusal);
    return answer.plan;
  }

  std::shared_ptr<const Library> library_;
  Target target_;
  std::shared_ptr<PlanFolder> folder_;
  std::string fingerprint_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Answer> answers_;
  std::string folder_problem_;
};

Plans::Plans(std::shared_ptr<const Library> library, PlanTarget target, std::shared_ptr<PlanFolder> folder)
    : impl_(std::make_unique<Impl>(std::move(library), std::move(target), std::move(folder))) {}
Plans::~Plans() = default;

Verdict Plans::Check(const Graph& graph, const PlanRules& rules) const {
  try {
    Build(graph, rules);
    return Verdict::Yes();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kBackend) throw;
    std::string reason = error.what();
    while (reason.ends_with('.')) reason.pop_back();
    return Verdict::No(std::move(reason));
  }
}

std::shared_ptr<const Plan> Plans::Build(const Graph& graph, const PlanRules& rules) const {
  return impl_->Build(graph, rules);
}

std::shared_ptr<const Plan> Plans::Tune(const Graph& graph, const PlanRules& rules, const Autotune& autotune) const {
  return impl_->Tune(graph, rules, autotune);
}

std::vector<Candidate> Plans::Candidates(const Graph& graph) const { return impl_->Candidates(graph); }
const std::string& Plans::DeviceProperties() const { return impl_->properties(); }
const std::string& Plans::Fingerprint() const { return impl_->fingerprint(); }
std::string Plans::FolderProblem() const { return impl_->FolderProblem(); }

}  // namespace slimnet::cudnn
