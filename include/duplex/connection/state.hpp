#pragma once

#include <cstdlib>
#include <utility>

namespace duplex::connection {

/// One object of any type, owned: what a user keeps with a connection. Two pointers wide.
class State {
 public:
  State() noexcept = default;
  State(State&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)),
        destroy_(std::exchange(other.destroy_, nullptr)) {}
  State& operator=(State other) noexcept {
    std::swap(object_, other.object_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~State() { reset(); }

  bool has_value() const noexcept { return object_ != nullptr; }

  template <class T, class... Arguments>
  T& emplace(Arguments&&... arguments) {
    T* object = new T(std::forward<Arguments>(arguments)...);
    reset();
    object_ = object;
    destroy_ = &destroy<T>;
    return *object;
  }

  /// The object. Aborts when there is none or it is of another type: that is a program's mistake,
  /// which must not become a wild pointer.
  template <class T>
  T& get() const noexcept {
    if (destroy_ != &destroy<T>) std::abort();
    return *static_cast<T*>(object_);
  }

  void reset() noexcept {
    if (object_ != nullptr) std::exchange(destroy_, nullptr)(std::exchange(object_, nullptr));
  }

 private:
  template <class T>
  static void destroy(void* object) noexcept {
    delete static_cast<T*>(object);
  }

  void* object_ = nullptr;
  void (*destroy_)(void*) noexcept = nullptr;
};

}  // namespace duplex::connection
