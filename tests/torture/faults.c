// Preloaded: the n-th call that would change a file under a folder fails. `fault_arm` sets it, `fault_fired` tells.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static volatile long left;
static volatile int code, fired;
static char under[PATH_MAX];

void fault_arm(long calls, int error, const char *folder) {
    strncpy(under, folder, sizeof under - 1);
    if (calls) fired = 0;
    code = error, left = calls;
}
int fault_fired(void) { return fired; }

static int strikes(const char *path) {
    if (!left || strncmp(path, under, strlen(under)) || __sync_sub_and_fetch(&left, 1)) return 0;
    fired = 1, errno = code;
    return 1;
}
static int strikes_fd(int fd) {
    char link[64], path[PATH_MAX];
    if (!left) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return strikes(path);
}
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    // a write that fails has often written the first half
    if (strikes_fd(fd)) {
        if (size > 1) { REAL(write)(fd, data, size / 2); left = 0; }
        errno = code;
        return -1;
    }
    return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return strikes_fd(fd) ? -1 : REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return strikes_fd(fd) ? -1 : REAL(pwrite64)(fd, data, size, at);
}
int fsync(int fd) { return strikes_fd(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return strikes_fd(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t size) { return strikes_fd(fd) ? -1 : REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { return strikes_fd(fd) ? -1 : REAL(ftruncate64)(fd, size); }
int rename(const char *from, const char *to) { return strikes(to) ? -1 : REAL(rename)(from, to); }
int link(const char *from, const char *to) { return strikes(to) ? -1 : REAL(link)(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
    return strikes(to) ? -1 : REAL(linkat)(a, from, b, to, flags);
}
int mkdir(const char *path, mode_t mode) { return strikes(path) ? -1 : REAL(mkdir)(path, mode); }
int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return (flags & O_CREAT) && strikes(path) ? -1 : REAL(open)(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return (flags & O_CREAT) && strikes(path) ? -1 : REAL(open64)(path, flags, mode);
}
