#pragma once

/// What differs between compilers, in one place.
namespace duplex {

/// GCC before 13 destroys a closure twice when it is a temporary inside of a `co_await` expression:
/// `co_await f([text] { ... })` frees `text` two times. Harmless when there is nothing to free.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
inline constexpr bool destroys_awaited_closures_twice = true;
#else
inline constexpr bool destroys_awaited_closures_twice = false;
#endif

/// GCC before 13 lays out the frame of a coroutine whose first `co_await` is the condition of an
/// `if` or a `while` in one way, and uses it in another: it can't be resumed. Where the condition
/// declares a name for the result, all is well.
inline constexpr bool misplaces_promises = destroys_awaited_closures_twice;

}  // namespace duplex
