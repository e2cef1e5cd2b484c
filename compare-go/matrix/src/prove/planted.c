/* Has each send of a process take some more CPU time, by HUNT_PLANTED_NS nanoseconds. Loaded before
 * the C library's own functions (LD_PRELOAD), so that the program itself is the unchanged one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

static uint64_t planted_ns;
static ssize_t (*next_send)(int, const void *, size_t, int);
static ssize_t (*next_writev)(int, const struct iovec *, int);

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("HUNT_PLANTED_NS");
  planted_ns = text ? strtoull(text, NULL, 10) : 0;
  next_send = (ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
  next_writev = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Reads the clock twice where nothing is planted, so that the delay is all that differs. */
static void spin(void) {
  uint64_t since = now_ns();
  while (now_ns() - since < planted_ns) {
  }
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
  spin();
  return next_send(fd, bytes, count, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  spin();
  return next_writev(fd, parts, count);
}
