#ifndef RELAY_HEAP_SHIM_H
#define RELAY_HEAP_SHIM_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

/* Swift's Glibc module does not have mallopt. The numbers are those of glibc's malloc.h; another C library has its own heap. */
static inline void relay_heap_keep_little(int areas, int threshold) {
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, areas);
    mallopt(M_TRIM_THRESHOLD, threshold);
    mallopt(M_MMAP_THRESHOLD, threshold);
#endif
}

/* The pages of code and constants of one library. They are never changed, so the kernel can read them again from the file. */
static inline int relay_heap_drop_code_of(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size;
  (void)unused;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
    uintptr_t start = (info->dlpi_addr + part->p_vaddr + page - 1) / page * page;
    uintptr_t end = (info->dlpi_addr + part->p_vaddr + part->p_memsz) / page * page;
    if (end > start) madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

static inline void relay_heap_drop_code(void) { dl_iterate_phdr(relay_heap_drop_code_of, 0); }
#endif
