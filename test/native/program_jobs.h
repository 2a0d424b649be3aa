// Jobs that compile and run a program of one input, as those of a session do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/executor.h"
#include "runtime/program_set.h"
#include "runtime/store.h"

namespace slimnet {

class CompileJob final : public Job {
 public:
  CompileJob(std::string plan, std::shared_ptr<Store> store, const Executor& executor, LaneKind kind)
      : Job(store.get()), plan_(std::move(plan)), store_(std::move(store)), executor_(executor), kind_(kind) {}
  void Execute(const ExecutorResources& resources) override {
    set = ProgramSet::Compile(plan_, store_, executor_, kind_, resources, cancelled());
  }
  std::shared_ptr<ProgramSet> set;

 private:
  const std::string plan_;
  const std::shared_ptr<Store> store_;
  const Executor& executor_;
  const LaneKind kind_;
};

// Its input is full of one number.
class RunJob final : public Job {
 public:
  RunJob(std::shared_ptr<ProgramSet> set, Parallelism parallelism, float x)
      : Job(&set->store(), parallelism, set->access()), set_(std::move(set)), room_(set_->TakeInputs()) {
    std::fill_n(reinterpret_cast<float*>(room_->host()), set_->inputs()[0].type.shape[0], x);
    request.inputs = {room_->host()};
  }
  ~RunJob() override { set_->GiveInputs(std::move(room_)); }
  bool ReadyForOneThread() const override { return set_->HasProgramFor(LaneKind::kSerial); }
  bool MayBeGuestOn(LaneKind kind) const override { return set_->HasProgramFor(kind); }
  void Begin() override {
    request.step = set_->Begin();
    turn_ = set_->Stats().runs - 1;
  }
  void Execute(const ExecutorResources& resources) override {
    if (crowded()) set_->AddProgramFor(LaneKind::kSerial, resources, cancelled());
    set_->Run(resources, request, cancelled());
  }
  std::vector<float> result() const {
    std::vector<float> values(request.outputs[0].bytes() / sizeof(float));
    std::memcpy(values.data(), request.outputs[0].data(), request.outputs[0].bytes());
    return values;
  }
  const ProgramSet& set() const { return *set_; }
  // How many runs of the set began before it.
  uint64_t turn() const { return turn_; }
  RunRequest request;

 private:
  std::shared_ptr<ProgramSet> set_;
  std::unique_ptr<Memory> room_;
  uint64_t turn_ = 0;
};

}  // namespace slimnet
