#include "backends/cudnn/graph/built_plan.h"

#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "backends/cudnn/graph/device_text.h"
#include "base/error.h"

namespace slimnet::cudnn {
namespace {

namespace at = abi::attribute;

std::string Unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  return std::string(text);
}

// Number and first kernel, from the end of the plan's JSON, where it describes the engine.
std::string EngineOf(const Descriptor& plan) {
  std::string json;
  try {
    json = plan.GetText(at::kExecutionPlanJsonRepresentation);
  } catch (const Error&) {
    return "unknown";  // one that cuDNN does not write runs nevertheless
  }
  const size_t start = json.rfind("\"engineId\"");
  if (start == std::string::npos) return "unknown";
  const std::string_view engine = std::string_view(json).substr(start);
  const std::string number(FieldOf(engine, "engineId"));
  const std::string kernel = Unquoted(FieldOf(engine, "kernelName"));
  return kernel.empty() ? number : number + ":" + kernel;
}

// The tensors that a step reads, and those that it writes.
struct Touched {
  std::set<int64_t> read, written;

  void Read(std::initializer_list<Tensor> tensors) { Insert(read, tensors); }
  void Write(std::initializer_list<Tensor> tensors) { Insert(written, tensors); }

  void operator()(const ConvolutionStep& step) {
    const std::array tensors{step.y, step.x, step.w};  // in the order of directions: what each of them writes
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (i == static_cast<size_t>(step.direction)) {
        Write({tensors[i]});
      } else {
        Read({tensors[i]});
      }
    }
  }
  void operator()(const PointwiseStep& step) {
    Read({step.x, step.b, step.t});
    Write({step.y});
  }
  void operator()(const MatmulStep& step) {
    Read({step.a, step.b});
    Write({step.c});
  }
  void operator()(const ReductionStep& step) {
    Read({step.x});
    Write({step.y});
  }
  void operator()(const PoolingStep& step) {
    if (step.backward) {
      Read({step.y, step.index});
      Write({step.x});
    } else {
      Read({step.x});
      Write({step.y, step.index});
    }
  }
  void operator()(const StatisticsStep& step) {
    Read({step.x});
    Write({step.sum, step.square_sum});
  }
  void operator()(const NormForwardStep& step) {
    Read({step.x, step.scale, step.bias, step.epsilon});
    if (step.training) {
      Write({step.mean, step.inverse_deviation});
    } else {
      Read({step.mean, step.inverse_deviation});
    }
    Write({step.y});
  }
  void operator()(const NormBackwardStep& step) {
    Read({step.x, step.dy, step.mean, step.inverse_deviation, step.scale});
    Write({step.dx, step.dscale, step.dbias});
  }
  void operator()(const NormFinalizeStep& step) {
    Read({step.sum, step.square_sum, step.scale, step.bias, step.previous_mean, step.previous_variance, step.epsilon,
          step.factor, step.count});
    Write({step.updated_mean, step.updated_variance, step.mean, step.inverse_deviation, step.equivalent_scale,
           step.equivalent_bias});
  }

 private:
  static void Insert(std::set<int64_t>& into, std::initializer_list<Tensor> tensors) {
    for (const Tensor tensor : tensors) {
      if (tensor) into.insert(tensor.id);
    }
  }
};

// The order of the notes in a stored plan.
std::array<bool NumericalNotes::*, 6> NoteFields() {
  return {&NumericalNotes::tensor_core,      &NumericalNotes::down_converts, &NumericalNotes::reduced_reduction,
          &NumericalNotes::nondeterministic, &NumericalNotes::fft,           &NumericalNotes::winograd};
}

}  // namespace

BuiltPlan::BuiltPlan(Descriptor plan, const Graph& graph, const NumericalNotes& notes)
    : plan_(std::move(plan)),
      notes_(notes),
      workspace_bytes_(static_cast<size_t>(plan_.GetInt(at::kExecutionPlanWorkspaceSize))),
      engine_(EngineOf(plan_)),
      ports_(PortsOf(graph)) {}

std::string BuiltPlan::Json() const { return plan_.GetText(at::kExecutionPlanJsonRepresentation); }

std::vector<PlanPort> PortsOf(const Graph& graph) {
  Touched touched;
  for (const Step& step : graph.steps()) std::visit(touched, step);
  std::vector<PlanPort> ports;
  for (size_t i = 0; i < graph.tensors().size(); ++i) {
    const TensorInfo& info = graph.tensors()[i];
    const auto id = static_cast<int64_t>(i + 1);
    const bool written = touched.written.contains(id);
    if (info.kind == TensorKind::kVirtual || (!written && !touched.read.contains(id))) continue;
    ports.push_back({id, info.kind == TensorKind::kByValue, written, info.bytes(), info.alignment});
  }
  return ports;
}

std::string StoredText(const Plan& plan) {
  std::string text = "notes ";
  for (bool NumericalNotes::* field : NoteFields()) text += plan.notes().*field ? '1' : '0';
  return text + "\n" + plan.Json();
}

std::shared_ptr<const Plan> LoadPlan(const std::shared_ptr<const Library>& library, const Target& target,
                                     const Graph& graph, const std::string& stored) {
  constexpr std::string_view kStart = "notes ";
  const auto fields = NoteFields();
  const size_t head = kStart.size() + fields.size() + 1;
  if (!stored.starts_with(kStart) || stored.size() < head || stored[head - 1] != '\n') {
    throw Error(ErrorCode::kBackend, "This is no stored plan of cuDNN.");
  }
  NumericalNotes notes;
  for (size_t i = 0; i < fields.size(); ++i) notes.*fields[i] = stored[kStart.size() + i] == '1';
  Descriptor plan(library, abi::descriptor::kExecutionPlan, "a stored plan");
  target.OfPlan(plan);
  plan.SetText(at::kExecutionPlanJsonRepresentation, stored.substr(head));
  plan.Finalize();
  return std::make_shared<BuiltPlan>(std::move(plan), graph, notes);
}

}  // namespace slimnet::cudnn
