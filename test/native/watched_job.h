// A job that tests look at while it is at work.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

#include "base/error.h"
#include "runtime/executor.h"

namespace slimnet {

constexpr size_t kLongQueue = 100'000;

// Between two looks: the cores belong to the threads that are looked at.
inline void LookAgain() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }

// A job that tells when it is at work and stays there until it is let go.
class Watched final : public Job {
 public:
  struct State {
    std::atomic<bool> ready{true};  // for one thread
    std::atomic<bool> begun{false};
    std::atomic<bool> go{false};
    std::atomic<int> turn{-1};
    std::atomic<LaneKind> kind{LaneKind::kParallel};
    std::atomic<bool> crowded{false};
    std::atomic<bool> may_be_guest{false};

    void AwaitBegin() const {
      while (!begun) LookAgain();
    }
  };

  Watched(const void* owner, Parallelism parallelism, Access access, State& state, std::atomic<int>* turns = nullptr)
      : Job(owner, parallelism, access), state_(state), turns_(turns) {}

  bool ReadyForOneThread() const override { return state_.ready; }
  bool MayBeGuestOn(LaneKind) const override { return state_.may_be_guest; }
  void Begin() override {
    if (turns_ != nullptr) state_.turn = (*turns_)++;
  }
  void Execute(const ExecutorResources& resources) override {
    state_.kind = resources.kind;
    state_.crowded = crowded();
    state_.begun = true;
    while (!state_.go && !cancelled()) {
      if (resources.guests != nullptr) resources.guests->LetIn();
      LookAgain();
    }
    if (cancelled()) throw Error(ErrorCode::kAborted, "stopped");
  }

 private:
  State& state_;
  std::atomic<int>* const turns_;
};

}  // namespace slimnet
