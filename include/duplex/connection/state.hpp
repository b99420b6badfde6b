#pragma once

#include <utility>

namespace duplex::connection {

/// One object of any type, owned: what a user keeps with a connection. Two pointers wide.
class State {
 public:
  State() noexcept = default;
  State(State&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)),
        type_(std::exchange(other.type_, nullptr)) {}
  State& operator=(State other) noexcept {
    std::swap(object_, other.object_);
    std::swap(type_, other.type_);
    return *this;
  }
  ~State() { reset(); }

  bool has_value() const noexcept { return object_ != nullptr; }

  template <class T, class... Arguments>
  T& emplace(Arguments&&... arguments) {
    T* object = new T(std::forward<Arguments>(arguments)...);
    // The older one's destructor may make another.
    while (has_value()) reset();
    object_ = object;
    type_ = &type_of<T>;
    return *object;
  }

  /// The object; nullptr when there is none, or it is of another type.
  template <class T>
  T* find() const noexcept {
    return type_ == &type_of<T> ? static_cast<T*>(object_) : nullptr;
  }

  void reset() noexcept {
    if (object_ != nullptr) std::exchange(type_, nullptr)->destroy(std::exchange(object_, nullptr));
  }

 private:
  struct Type {
    void (*destroy)(void*) noexcept;
  };

  template <class T>
  static void destroy(void* object) noexcept {
    delete static_cast<T*>(object);
  }

  /// One object for each type, whose address tells the types apart.
  template <class T>
  static inline const Type type_of{&destroy<T>};

  void* object_ = nullptr;
  const Type* type_ = nullptr;
};

}  // namespace duplex::connection
