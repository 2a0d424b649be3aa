#include "tools/bundle/machine.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "ir/text.h"

namespace slimnet::bundle {
namespace {

using Clock = std::chrono::steady_clock;

const TensorType& TypeOf(const std::vector<Tensor>& tensors, const std::string& name, const char* what) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.name == name; });
  if (found == tensors.end()) {
    throw Error(ErrorCode::kArgument, std::string("The case has no ") + what + " " + Quote(name) + ".");
  }
  return found->type;
}

std::vector<std::byte> CopyOf(const HostBlock& block) { return {block.data(), block.data() + block.bytes()}; }

// Of an op, or of a precision.
bool IsRefusal(const Error& error) {
  const std::string_view message = error.what();
  const auto says = [&](std::string_view text) { return message.find(text) != std::string_view::npos; };
  return (error.code() == ErrorCode::kCompile && says("cannot run on backend")) ||
         (error.code() == ErrorCode::kBackend && says("cannot be had on backend"));
}

}  // namespace

Values::Values(const Case& item) {
  for (const Tensor& variable : item.variables) variables[variable.name] = Materialize(variable);
  for (const Run& run : item.runs) {
    auto& of_run = feeds.emplace_back();
    for (const Tensor& feed : run.feeds) of_run[feed.name] = Materialize(feed);
  }
}

bool Works(const Backend& backend, Stream& stream) {
  try {
    const std::unique_ptr<Memory> memory = backend.Allocate(1);
    stream.Fill(memory->data(), std::byte{0}, 1);
    stream.Wait();
    return true;
  } catch (const Error& error) {
    return error.code() == ErrorCode::kMemory;
  }
}

Machine::Machine(const std::string& backend, int threads)
    : backend_(MakeBackend(backend, {.threads = threads})),
      pool_(threads),
      stream_(backend_->NewStream(&pool_)),
      arena_(*backend_) {}

std::shared_ptr<Store> NewStore(std::shared_ptr<const Backend> backend, const Case& item, const Values& values) {
  auto store = std::make_shared<Store>(std::move(backend));
  for (const Tensor& variable : item.variables) {
    store->Declare(variable.name, variable.type);
    store->Write(variable.name, variable.type.dtype, values.variables.at(variable.name), 0);
  }
  return store;
}

std::vector<const std::byte*> InputsOf(const std::vector<ProgramPort>& ports, const Run& run,
                                       const std::map<std::string, std::vector<std::byte>>& feeds) {
  std::vector<const std::byte*> inputs;
  for (const ProgramPort& port : ports) {
    const TensorType& type = TypeOf(run.feeds, port.name, "feed");
    if (type != port.type) {
      throw Error(ErrorCode::kArgument, "The feed " + Quote(port.name) + " is " + ToString(type) +
                                            ", the plan's input " + ToString(port.type) + ".");
    }
    inputs.push_back(feeds.at(port.name).data());
  }
  return inputs;
}

Computed Machine::Compute(const Case& item, const Values& values) {
  const std::shared_ptr<Store> store = NewStore(backend_, item, values);
  Computed computed;
  std::shared_ptr<CompiledProgram> program;
  const auto begin = Clock::now();
  try {
    program = CompiledProgram::Compile(item.plan, store, backend_, {pool_, *stream_, arena_}, never_);
  } catch (const Error& error) {
    if (!IsRefusal(error)) throw;
    computed.refused = error.what();
    return computed;
  }
  const auto compiled = Clock::now();
  computed.compile = compiled - begin;
  for (size_t i = 0; i < item.runs.size(); ++i) {
    computed.runs.push_back(RunOnce(*program, *store, item.runs[i], values.feeds[i], i));
  }
  computed.run = Clock::now() - compiled;
  computed.steps = program->Steps();
  return computed;
}

RunResults Machine::RunOnce(CompiledProgram& program, Store& store, const Run& run,
                            const std::map<std::string, std::vector<std::byte>>& feeds, uint64_t number) {
  RunResults results;
  RunRequest request;
  request.inputs = InputsOf(program.inputs(), run, feeds);
  request.step = number;
  try {
    program.Run({pool_, *stream_, arena_}, request, never_);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kExecution) throw;
    results.failure = error;
    return results;
  }
  for (size_t i = 0; i < request.outputs.size(); ++i) {
    results.outputs[program.outputs()[i].name] = CopyOf(request.outputs[i]);
  }
  for (const Expectation& expected : run.variables) {
    auto& bytes = results.variables[expected.tensor.name];
    bytes.resize(ByteSize(store.TypeOf(expected.tensor.name)));
    store.Read(expected.tensor.name, bytes);
  }
  return results;
}

std::string Implementations(const std::vector<StepReport>& steps) {
  std::vector<std::string> seen;
  for (const StepReport& step : steps) {
    if (std::find(seen.begin(), seen.end(), step.implementation) == seen.end()) seen.push_back(step.implementation);
  }
  std::string text;
  for (const std::string& name : seen) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace slimnet::bundle
