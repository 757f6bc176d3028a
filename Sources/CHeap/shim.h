#ifndef RELAY_HEAP_SHIM_H
#define RELAY_HEAP_SHIM_H
#include <malloc.h>

/* Swift's Glibc module does not have mallopt. The numbers are those of glibc's malloc.h; another C library has its own heap. */
static inline void relay_heap_keep_little(int areas, int threshold) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, areas);
    mallopt(M_TRIM_THRESHOLD, threshold);
    mallopt(M_MMAP_THRESHOLD, threshold);
#endif
}
#endif
