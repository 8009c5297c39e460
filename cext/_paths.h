/* Instruction sets: one body, compiled for each, the widest that the processor has taken when it runs.

   Extensions are compiled for x86-64-v2. A hot loop is a body that is always inlined, and

       PARETIDE_PATHS(name, (double *x, long n), (x, n))

   makes `name` of `name_body`: compiled anew for AVX2 and for AVX-512 where the compiler can, and
   once only on other processors. No path may give other bits than another: contraction is off, and
   a sum is never left to the compiler to reorder. PARETIDE_SIMD=baseline, avx2 or avx512 in the
   environment chooses a path, for tests; one that the processor lacks is not taken. */
#ifndef PARETIDE_PATHS_H
#define PARETIDE_PATHS_H

#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define PARETIDE_BODY static inline __attribute__((always_inline))
#else
#define PARETIDE_BODY static __forceinline
#endif

enum { PARETIDE_BASELINE, PARETIDE_AVX2, PARETIDE_AVX512 };

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))

static inline int paretide_path_of_processor(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return PARETIDE_AVX512;
    return __builtin_cpu_supports("avx2") ? PARETIDE_AVX2 : PARETIDE_BASELINE;
}

#define PARETIDE_PATHS(name, parameters, arguments)                                              \
    __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl")))                                \
    static void name##_avx512 parameters { name##_body arguments; }                              \
    __attribute__((target("avx2")))                                                              \
    static void name##_avx2 parameters { name##_body arguments; }                                \
    static void name##_baseline parameters { name##_body arguments; }                            \
    static void name parameters                                                                  \
    {                                                                                            \
        switch (paretide_path()) {                                                               \
        case PARETIDE_AVX512: name##_avx512 arguments; break;                                    \
        case PARETIDE_AVX2: name##_avx2 arguments; break;                                        \
        default: name##_baseline arguments;                                                      \
        }                                                                                        \
    }

#else

static inline int paretide_path_of_processor(void) { return PARETIDE_BASELINE; }

#define PARETIDE_PATHS(name, parameters, arguments)                                              \
    static void name parameters { name##_body arguments; }

#endif

/* Chosen once. Threads that choose at the same time choose the same. */
static inline int paretide_path(void)
{
    static int chosen = -1;
    if (chosen < 0) {
        int best = paretide_path_of_processor(), path = best;
        const char *wish = getenv("PARETIDE_SIMD");
        if (wish && !strcmp(wish, "baseline")) path = PARETIDE_BASELINE;
        if (wish && !strcmp(wish, "avx2") && best > PARETIDE_AVX2) path = PARETIDE_AVX2;
        chosen = path;
    }
    return chosen;
}

#endif
