// Updates that were asked for one by one and are launched together.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "backends/cudnn/kernels/update.h"

namespace slimnet::cudnn {

// Of one stream. Whoever queues anything else there launches them before.
class GatheredUpdates {
 public:
  // By the same rule as those before, which are launched first where that is not so, or where one of them makes what
  // this one reads.
  template <class Rule>
  void Add(Queue& queue, const Rule& rule, const Update& update) {
    OfRule<Rule>& wanted = Find<Rule>();
    if (waiting_ != nullptr && (waiting_ != &wanted || !wanted.Takes(rule, update))) Launch(queue);
    wanted.rule = rule;
    wanted.updates.push_back(update);
    waiting_ = &wanted;
  }
  void Launch(Queue& queue) {
    if (Gathered* const gathered = std::exchange(waiting_, nullptr)) gathered->Launch(queue);
  }

 private:
  struct Gathered {
    virtual ~Gathered() = default;
    virtual void Launch(Queue& queue) = 0;
  };
  template <class Rule>
  struct OfRule final : Gathered {
    bool Takes(const Rule& other, const Update& update) const {
      if (!(*rule == other)) return false;
      const auto makes = [&](DevicePtr place) {
        return std::ranges::any_of(updates, [&](const Update& before) {
          return place && std::ranges::find(before.fresh, place) != std::end(before.fresh);
        });
      };
      return !makes(update.gradient) && std::ranges::none_of(update.old, makes) &&
             std::ranges::none_of(update.scalars, makes);
    }
    void Launch(Queue& queue) override {
      try {
        Apply(queue, *rule, updates);
      } catch (...) {
        updates.clear();
        throw;
      }
      updates.clear();
    }

    std::optional<Rule> rule;
    std::vector<Update> updates;
  };

  template <class Rule>
  OfRule<Rule>& Find() {
    for (const auto& known : rules_) {
      if (auto* const found = dynamic_cast<OfRule<Rule>*>(known.get())) return *found;
    }
    auto made = std::make_unique<OfRule<Rule>>();
    OfRule<Rule>& found = *made;
    rules_.push_back(std::move(made));
    return found;
  }

  std::vector<std::unique_ptr<Gathered>> rules_;  // with their room, for the next run
  Gathered* waiting_ = nullptr;
};

}  // namespace slimnet::cudnn
