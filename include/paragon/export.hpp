// SPDX-License-Identifier: Apache-2.0
#pragma once

// The library is built with hidden visibility; what is public says so.
#if defined(_WIN32)
#if defined(PARAGON_BUILDING)
#define PARAGON_API __declspec(dllexport)
#else
#define PARAGON_API __declspec(dllimport)
#endif
#else
#define PARAGON_API __attribute__((visibility("default")))
#endif
