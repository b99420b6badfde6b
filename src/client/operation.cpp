#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "client/client_state.hpp"
#include "client/engine.hpp"
#include "client/flow.hpp"
#include "net/alarm.hpp"
#include "net/inbox.hpp"
#include <duplex/client/call.hpp>

namespace duplex::client::detail {

struct Operation::State final : private Endable {
  State(Operation& its_operation, std::shared_ptr<ClientState> its_client, Bounds its_bounds)
      : operation(its_operation), client(std::move(its_client)), bounds(std::move(its_bounds)) {}
  ~State() { leave(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Flow* begin() {
    engine = client->engine_here();
    if (engine == nullptr || engine->shutting_down()) {
      engine = nullptr;
      error = Error{.step = Step::request, .code = cancelled(), .reason = "the client has ended"};
      return nullptr;
    }
    flow.emplace(*engine);
    engine->add(*this);
    if (bounds.deadline) {
      engine->loop().arm(deadline, static_cast<std::uint64_t>(
                                       std::max<std::int64_t>(0, bounds.deadline->count())));
    }
    if (bounds.stop.stop_possible()) {
      self = std::make_shared<State*>(this);
      on_stop.emplace(bounds.stop, Stop{engine->loop().inbox(), self});
    }
    return &*flow;
  }

  /// Nothing cuts it off any more.
  void leave() noexcept {
    if (engine == nullptr) return;
    deadline.disarm();
    on_stop.reset();
    if (self) *self = nullptr;
    std::exchange(engine, nullptr)->remove(*this);
  }

  void cut(std::error_code code, std::string reason) noexcept {
    if (engine == nullptr) return;
    error = flow->error(code, std::move(reason));
    leave();
    operation.cut_off();
  }

  void on_deadline() noexcept {
    cut(std::make_error_code(std::errc::timed_out), "time limit: it took longer than " +
                                                        std::to_string(bounds.deadline->count()) +
                                                        " ms in all");
  }
  void on_client_end() noexcept override { cut(cancelled(), "the client has ended"); }

  static std::error_code cancelled() noexcept {
    return std::make_error_code(std::errc::operation_canceled);
  }

  /// May be called by any thread; what it asks for is done in the operation's own.
  struct Stop {
    std::shared_ptr<net::Inbox> inbox;
    std::shared_ptr<State*> state;  // what it points to is that thread's
    void operator()() const {
      inbox->post([its_state = state] {
        if (*its_state != nullptr) (*its_state)->cut(cancelled(), "it was stopped");
      });
    }
  };

  Operation& operation;
  std::shared_ptr<ClientState> client;
  Bounds bounds;
  Engine* engine = nullptr;  // while it goes on
  std::optional<Flow> flow;
  std::optional<Error> error;
  std::shared_ptr<State*> self;
  std::optional<std::stop_callback<Stop>> on_stop;
  net::Alarm<State> deadline{*this, &State::on_deadline};
};

Operation::Operation(std::shared_ptr<ClientState> client, Bounds bounds)
    : state_(std::make_unique<State>(*this, std::move(client), std::move(bounds))) {}

Operation::~Operation() = default;

Flow* Operation::begin() {
  return state_->begin();
}

std::optional<Error> Operation::end() noexcept {
  state_->leave();
  return std::move(state_->error);
}

// ---------------------------------------------------------------------------- other threads

namespace {

/// Tells that a task has ended, or will never begin, when the last of it goes.
class Signal {
 public:
  explicit Signal(std::binary_semaphore& semaphore) noexcept : semaphore_(&semaphore) {}
  Signal(Signal&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
  Signal& operator=(Signal&&) = delete;
  ~Signal() {
    if (semaphore_ != nullptr) semaphore_->release();
  }

 private:
  std::binary_semaphore* semaphore_;
};

/// How a task has ended.
struct Outcome {
  bool ended = false;
  std::exception_ptr exception;
};

Task<> signalling(Task<> task, Signal /*signal*/, Outcome& outcome) {
  try {
    // Of its own, so that what the task owns has gone when the other thread goes on.
    Task<> own = std::move(task);
    co_await std::move(own);
  } catch (...) {
    outcome.exception = std::current_exception();
  }
  outcome.ended = true;
}

/// Has `task` run in the client's own thread.
void post(ClientState& client, Task<> task) {
  const auto own = client.own_thread();
  if (!own) throw std::logic_error("the client has ended");
  own->inbox->post([engine = own->engine, its_task = std::move(task)]() mutable {
    engine->spawn(std::move(its_task));
  });
}

}  // namespace

void run_and_wait(const std::shared_ptr<ClientState>& client, Task<> task) {
  if (net::EventLoop::current() != nullptr) {
    throw std::logic_error(
        "this thread runs a loop, which waiting would stop: co_await the call instead");
  }
  std::binary_semaphore over(0);
  Outcome outcome;
  post(*client, signalling(std::move(task), Signal(over), outcome));
  over.acquire();
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  if (!outcome.ended) throw std::runtime_error("the client has ended before the task did");
}

void spawn(const std::shared_ptr<ClientState>& client, Task<> task) {
  if (net::EventLoop::current() == nullptr) return post(*client, std::move(task));
  Engine* const engine = client->engine_here();
  // Without one, the task's first call tells it at once that the client has ended.
  if (engine == nullptr || engine->shutting_down()) return task.start();
  engine->spawn(std::move(task));
}

}  // namespace duplex::client::detail
