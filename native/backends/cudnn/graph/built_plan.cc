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
std::string EngineIn(const std::string& json) {
  const size_t start = json.rfind("\"engineId\"");
  if (start == std::string::npos) return "unknown";
  const std::string_view engine = std::string_view(json).substr(start);
  const std::string number(FieldOf(engine, "engineId"));
  const std::string kernel = Unquoted(FieldOf(engine, "kernelName"));
  return kernel.empty() ? number : number + ":" + kernel;
}

std::set<int64_t> WrittenBy(const Graph& graph) {
  std::set<int64_t> written;
  const auto add = [&](std::initializer_list<Tensor> tensors) {
    for (const Tensor tensor : tensors) written.insert(tensor.id);
  };
  struct Outputs {
    const decltype(add)& Add;
    void operator()(const ConvolutionStep& step) const {
      Add({std::array{step.y, step.x, step.w}[static_cast<size_t>(step.direction)]});
    }
    void operator()(const PointwiseStep& step) const { Add({step.y}); }
    void operator()(const MatmulStep& step) const { Add({step.c}); }
    void operator()(const ReductionStep& step) const { Add({step.y}); }
    void operator()(const PoolingStep& step) const {
      if (step.backward) {
        Add({step.x});
      } else {
        Add({step.y, step.index});
      }
    }
    void operator()(const StatisticsStep& step) const { Add({step.sum, step.square_sum}); }
    void operator()(const NormForwardStep& step) const {
      Add({step.y});
      if (step.training) Add({step.mean, step.inverse_deviation});
    }
    void operator()(const NormBackwardStep& step) const { Add({step.dx, step.dscale, step.dbias}); }
    void operator()(const NormFinalizeStep& step) const {
      Add({step.updated_mean, step.updated_variance, step.mean, step.inverse_deviation, step.equivalent_scale,
           step.equivalent_bias});
    }
  };
  for (const Step& step : graph.steps()) std::visit(Outputs{add}, step);
  return written;
}

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
      engine_(EngineIn(Json())),
      ports_(PortsOf(graph)) {}

std::string BuiltPlan::Json() const { return plan_.GetText(at::kExecutionPlanJsonRepresentation); }

std::vector<PlanPort> PortsOf(const Graph& graph) {
  const std::set<int64_t> written = WrittenBy(graph);
  std::vector<PlanPort> ports;
  for (size_t i = 0; i < graph.tensors().size(); ++i) {
    const TensorInfo& info = graph.tensors()[i];
    if (info.kind == TensorKind::kVirtual) continue;
    const auto id = static_cast<int64_t>(i + 1);
    ports.push_back({id, info.kind == TensorKind::kByValue, written.contains(id), info.bytes(), info.alignment});
  }
  return ports;
}

std::string StoredText(const Plan& plan) {
  std::string text = "notes ";
  for (bool NumericalNotes::* field : NoteFields()) text += plan.notes().*field ? '1' : '0';
  return text + "\n" + plan.Json();
}

std::shared_ptr<const Plan> LoadPlan(const std::shared_ptr<const Library>& library, const Descriptor& device,
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
  plan.SetDescriptor(at::kExecutionPlanDeviceProp, device);
  plan.SetText(at::kExecutionPlanJsonRepresentation, stored.substr(head));
  plan.Finalize();
  return std::make_shared<BuiltPlan>(std::move(plan), graph, notes);
}

}  // namespace slimnet::cudnn
