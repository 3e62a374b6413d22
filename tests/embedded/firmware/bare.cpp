// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "core/raise.hpp"
#include "semihosting.hpp"

// What C++ expects of a system, on a processor without one: the reset, memory, and an end for
// everything that goes wrong. Nothing here throws; an error is a message and the end.

extern "C" {
extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
extern char heap_start, heap_end;
extern void (*init_array_start[])(), (*init_array_end[])();
int main();

[[noreturn]] void reset() {
  for (uint32_t *to = &data_start, *from = &data_load; to < &data_end;) *to++ = *from++;
  for (uint32_t* to = &bss_start; to < &bss_end;) *to++ = 0;
  for (void (**constructor)() = init_array_start; constructor < init_array_end; ++constructor)
    (*constructor)();
  firmware::leave(main());
}

[[noreturn]] void fault() {
  firmware::say("firmware: a fault of the processor\n");
  firmware::leave(3);
}

[[gnu::section(".vectors"), gnu::used]] void* const vectors[16] = {&stack_top,
                                                                   reinterpret_cast<void*>(reset),
                                                                   reinterpret_cast<void*>(fault),
                                                                   reinterpret_cast<void*>(fault),
                                                                   reinterpret_cast<void*>(fault),
                                                                   reinterpret_cast<void*>(fault),
                                                                   reinterpret_cast<void*>(fault)};

// Memory for malloc.
void* _sbrk(ptrdiff_t bytes) {
  static char* top = &heap_start;
  if (bytes > &heap_end - top) {
    firmware::say("firmware: out of memory\n");
    firmware::leave(4);
  }
  top += bytes;
  return top - bytes;
}

[[noreturn]] void abort() {
  firmware::say("firmware: abort\n");
  firmware::leave(5);
}
void __cxa_pure_virtual() {
  abort();
}
int __aeabi_atexit(void*, void (*)(void*), void*) {
  return 0;  // nothing outlives the firmware
}
void* __dso_handle = nullptr;
}

namespace paragon {
void raise_message(std::string message) {
  message += '\n';
  firmware::say(message.c_str());
  firmware::leave(1);
}
}  // namespace paragon

// The library of C++ throws from these; defining them keeps its exceptions, and the printing of
// floating-point numbers that comes with these, out of the program.
namespace std {
[[noreturn]] static void end(const char* what) {
  firmware::say(what);
  abort();
}
void __throw_length_error(const char* what) {
  end(what);
}
void __throw_logic_error(const char* what) {
  end(what);
}
void __throw_out_of_range(const char* what) {
  end(what);
}
void __throw_out_of_range_fmt(const char* what, ...) {
  end(what);
}
void __throw_bad_alloc() {
  end("out of memory");
}
void __throw_bad_array_new_length() {
  end("out of memory");
}
void __throw_bad_function_call() {
  end("an empty function");
}
}  // namespace std

void* operator new(size_t bytes) {
  return malloc(bytes);
}
void* operator new[](size_t bytes) {
  return malloc(bytes);
}
void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return memalign(static_cast<size_t>(alignment), bytes);
}
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  free(memory);
}
void operator delete[](void* memory) noexcept {
  free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  free(memory);
}
