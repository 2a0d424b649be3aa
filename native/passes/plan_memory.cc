#include "passes/plan_memory.h"

#include <vector>

#include "base/error.h"
#include "ir/microbatch_loop.h"
#include "ir/updates.h"
#include "ir/views.h"
#include "passes/passes.h"
#include "passes/storage.h"

namespace slimnet {
namespace {

// Intervals of the storages in the arena, then of the scratch of the nodes that need some.
struct Requests {
  std::vector<Interval> intervals;
  std::vector<int32_t> storages;  // by interval: storage index, or -1 for scratch
};

Requests RequestsOf(const Storages& storages, std::span<const size_t> scratch_bytes) {
  Requests requests;
  for (size_t i = 0; i < storages.items.size(); ++i) {
    const Storage& s = storages.items[i];
    if (s.kind != Place::Kind::kArena) continue;
    requests.intervals.push_back({s.bytes, s.first, s.last});
    requests.storages.push_back(static_cast<int32_t>(i));
  }
  for (size_t i = 0; i < scratch_bytes.size(); ++i) {
    if (scratch_bytes[i] == 0) continue;
    const auto at = static_cast<int32_t>(i);
    requests.intervals.push_back({scratch_bytes[i], at, at});
    requests.storages.push_back(-1);
  }
  return requests;
}

// Places of the storages; inputs and constants are counted in the order of their nodes.
std::vector<Place> PlacesOf(const Program& program, const Storages& storages, const Requests& requests,
                            const Packing& packing) {
  std::vector<Place> places(storages.items.size());
  int32_t inputs = 0;
  int32_t constants = 0;
  for (size_t i = 0; i < places.size(); ++i) {
    const Storage& s = storages.items[i];
    places[i].kind = s.kind;
    if (s.kind == Place::Kind::kInput) places[i].index = inputs++;
    if (s.kind == Place::Kind::kConstant) places[i].index = constants++;
    if (s.kind == Place::Kind::kVariable) places[i].index = s.first;
  }
  const VariableReads reads(program);
  for (const NewValue& made : NewValues(program)) {
    places[static_cast<size_t>(storages.of[made.value])].index = reads.ProducerOf(made.variable);
  }
  for (size_t k = 0; k < requests.storages.size(); ++k) {
    if (requests.storages[k] >= 0) places[static_cast<size_t>(requests.storages[k])].offset = packing.offsets[k];
  }
  return places;
}

void SetPlaces(Program& program, const Storages& storages, const std::vector<Place>& places) {
  const std::vector<ValueId> roots = ViewRoots(program);
  const MicrobatchLoop loop(program);
  for (Value& value : program.values) value.place = {};
  for (const Node& node : program.nodes) {
    for (ValueId value : node.outputs) {
      const auto storage = static_cast<size_t>(storages.of[value]);
      Place& place = program.values[value].place;
      place = places[storage];
      if (roots[value] != value) place = {.kind = Place::Kind::kAlias, .index = roots[value]};
      // Within the microbatch loop a batch is looked at part by part: what is left behind, and what was there before
      // it.
      place.moves = loop.Holds(node) && (storages.items[storage].joined || places[storage].kind != Place::Kind::kArena);
    }
  }
}

void SetScratch(Program& program, const Requests& requests, const Packing& packing) {
  for (Node& node : program.nodes) node.scratch = {};
  for (size_t k = 0; k < requests.storages.size(); ++k) {
    if (requests.storages[k] >= 0) continue;
    Node& node = program.nodes[static_cast<size_t>(requests.intervals[k].first)];
    node.scratch = {.kind = Place::Kind::kArena, .offset = packing.offsets[k]};
  }
}

}  // namespace

MemoryReport PlanMemory(Program& program, std::span<const size_t> scratch_bytes) {
  if (!scratch_bytes.empty() && scratch_bytes.size() != program.nodes.size()) {
    throw Error(ErrorCode::kInternal, "Scratch was stated for " + std::to_string(scratch_bytes.size()) +
                                          " nodes, there are " + std::to_string(program.nodes.size()) + ".");
  }
  const Storages storages(program);
  const Requests requests = RequestsOf(storages, scratch_bytes);
  const Packing packing = Pack(requests.intervals);
  SetPlaces(program, storages, PlacesOf(program, storages, requests, packing));
  SetScratch(program, requests, packing);
  program.arena_bytes = packing.bytes;

  MemoryReport report;
  report.arena_bytes = packing.bytes;
  report.lower_bound = PeakOf(requests.intervals);
  for (const Interval& interval : requests.intervals) report.sum += interval.bytes;
  for (const Storage& s : storages.items) {
    if (s.kind == Place::Kind::kConstant) report.constant_bytes += s.bytes;
    if (s.kind == Place::Kind::kSpare) report.spare_bytes += s.bytes;
  }
  return report;
}

void PlanValues(Program& program, const Backend&) { PlanMemory(program, {}); }

}  // namespace slimnet
