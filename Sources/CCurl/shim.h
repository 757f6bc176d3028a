#ifndef RELAY_CURL_SHIM_H
#define RELAY_CURL_SHIM_H
#include <curl/curl.h>
#include <stddef.h>

/* Swift cannot call variadic C functions, so there is one inline function for each type of argument. This file has no logic. */

typedef size_t (*relay_write_fn)(char *data, size_t size, size_t count, void *user);
typedef size_t (*relay_read_fn)(char *buffer, size_t size, size_t count, void *user);
typedef int (*relay_progress_fn)(void *user, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow);
typedef curl_socket_t (*relay_opensocket_fn)(void *user, curlsocktype purpose, struct curl_sockaddr *address);
typedef int (*relay_debug_fn)(CURL *h, curl_infotype type, char *data, size_t size, void *user);
typedef int (*relay_prereq_fn)(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port);

static inline CURLcode relay_set_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode relay_set_off(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode relay_set_text(CURL *h, CURLoption o, const char *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode relay_set_pointer(CURL *h, CURLoption o, void *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode relay_set_list(CURL *h, CURLoption o, struct curl_slist *v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode relay_on_write(CURL *h, relay_write_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, f);
  return r ? r : curl_easy_setopt(h, CURLOPT_WRITEDATA, user);
}
static inline CURLcode relay_on_header(CURL *h, relay_write_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, f);
  return r ? r : curl_easy_setopt(h, CURLOPT_HEADERDATA, user);
}
static inline CURLcode relay_on_read(CURL *h, relay_read_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_READFUNCTION, f);
  return r ? r : curl_easy_setopt(h, CURLOPT_READDATA, user);
}
static inline CURLcode relay_on_progress(CURL *h, relay_progress_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, f);
  if (!r) r = curl_easy_setopt(h, CURLOPT_XFERINFODATA, user);
  return r ? r : curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
}
static inline CURLcode relay_on_open_socket(CURL *h, relay_opensocket_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, f);
  return r ? r : curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, user);
}
static inline CURLcode relay_on_prereq(CURL *h, relay_prereq_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, f);
  return r ? r : curl_easy_setopt(h, CURLOPT_PREREQDATA, user);
}
static inline CURLcode relay_on_debug(CURL *h, relay_debug_fn f, void *user) {
  CURLcode r = curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, f);
  if (!r) r = curl_easy_setopt(h, CURLOPT_DEBUGDATA, user);
  return r ? r : curl_easy_setopt(h, CURLOPT_VERBOSE, 1L);
}
static inline CURLcode relay_get_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode relay_get_double(CURL *h, CURLINFO i, double *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLMcode relay_multi_set_long(CURLM *m, CURLMoption o, long v) { return curl_multi_setopt(m, o, v); }
static inline CURLcode relay_result(const CURLMsg *m) { return m->data.result; }
static inline int relay_done(const CURLMsg *m) { return m->msg == CURLMSG_DONE; }
static const long relay_global_all = CURL_GLOBAL_ALL;
static const long relay_use_ssl_all = CURLUSESSL_ALL;
static const size_t relay_read_abort = CURL_READFUNC_ABORT;
static const curl_socket_t relay_bad_socket = CURL_SOCKET_BAD;
#endif
