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

}  // namespace duplex
