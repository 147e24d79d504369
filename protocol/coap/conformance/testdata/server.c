/* The resources of the ETSI CoAP plugtests on libcoap 4.3: server ADDRESS PORT
 * CoAP on PORT and DTLS with a pre-shared key on PORT + 1. What is to change
 * periodically changes once a second, what goes in blocks every third. */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "sesame sesame sesame"
#define LARGE 1300
#define LOCATIONS 8

/* document is what a resource holds. */
struct document {
  const char *path;
  uint8_t *body;
  size_t length;
  uint16_t format;
  coap_session_t *observer; /* the last one */
  uint8_t token[8];
  size_t token_length;
  uint64_t version;  /* its ETag */
  int exists;
  int held; /* no longer changes by itself */
};

static struct document documents[40];
static size_t used;
static coap_context_t *context;

static uint8_t *copy(const void *data, size_t length) {
  uint8_t *p = malloc(length ? length : 1);
  if (p && length)
    memcpy(p, data, length);
  return p;
}

static void store(struct document *d, const void *data, size_t length, uint16_t format) {
  free(d->body);
  d->body = copy(data, length);
  d->length = length;
  d->format = format;
  d->version++;
  d->exists = 1;
}

static void store_text(struct document *d, const char *text) {
  store(d, text, strlen(text), COAP_MEDIATYPE_TEXT_PLAIN);
}

/* fill makes a text of which no two parts are alike. */
static void fill(struct document *d, size_t length, unsigned seed) {
  char text[LARGE + 16];
  size_t n = 0;
  while (n < length)
    n += (size_t)sprintf(text + n, "%06u-%04u;", seed, (unsigned)n);
  store(d, text, length, COAP_MEDIATYPE_TEXT_PLAIN);
}

static uint16_t format_of(const coap_pdu_t *request, coap_option_num_t number, uint16_t otherwise) {
  coap_opt_iterator_t i;
  coap_opt_t *o = coap_check_option(request, number, &i);
  return o ? (uint16_t)coap_decode_var_bytes(coap_opt_value(o), coap_opt_length(o)) : otherwise;
}

static int has(const coap_pdu_t *request, coap_option_num_t number) {
  coap_opt_iterator_t i;
  return coap_check_option(request, number, &i) != NULL;
}

/* matches compares the options of one number with the document's ETag. */
static int matches(const coap_pdu_t *request, coap_option_num_t number, const struct document *d) {
  coap_opt_iterator_t i;
  coap_opt_filter_t filter;
  coap_opt_t *o;
  uint8_t tag[8];
  size_t n = coap_encode_var_safe8(tag, sizeof tag, d->version);
  coap_option_filter_clear(&filter);
  coap_option_filter_set(&filter, number);
  coap_option_iterator_init(request, &i, &filter);
  while ((o = coap_option_next(&i)))
    if (coap_opt_length(o) == n && memcmp(coap_opt_value(o), tag, n) == 0)
      return 1;
  return 0;
}

/* received takes the body of a request. The library hides the Block1 option of the last
 * block and does not answer it, so that is done here, for blocks of 1024 bytes. */
static size_t received(const coap_pdu_t *request, coap_pdu_t *response, const uint8_t **data) {
  size_t length = 0, offset, total;
  uint8_t value[4];
  *data = NULL;
  coap_get_data_large(request, &length, data, &offset, &total);
  if (length > 1024)
    coap_add_option(response, COAP_OPTION_BLOCK1, coap_encode_var_safe(value, sizeof value, (unsigned)((length - 1) / 1024) << 4 | 6), value);
  return length;
}

static void release(coap_session_t *session, void *data) {
  (void)session;
  free(data);
}

/* answer adds the document, in blocks where it is large. The library leaves out
 * Content-Format and ETag of what needs no blocks, so that is done here. */
static void answer(struct document *d, coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                   const coap_string_t *query, coap_pdu_t *response, coap_pdu_code_t code) {
  uint8_t *body, value[8];
  coap_pdu_set_code(response, code);
  if (d->length <= 1024 && !has(request, COAP_OPTION_BLOCK2)) {
    coap_add_option(response, COAP_OPTION_ETAG, coap_encode_var_safe8(value, sizeof value, d->version), value);
    coap_add_option(response, COAP_OPTION_CONTENT_FORMAT, coap_encode_var_safe(value, sizeof value, d->format), value);
    if (has(request, COAP_OPTION_OBSERVE))
      coap_add_option(response, COAP_OPTION_MAXAGE, coap_encode_var_safe(value, sizeof value, 2), value);
    coap_add_data(response, d->length, d->body);
    return;
  }
  if (d->format == COAP_MEDIATYPE_TEXT_PLAIN) /* as it does here */
    coap_add_option(response, COAP_OPTION_CONTENT_FORMAT, 0, NULL);
  body = copy(d->body, d->length);
  coap_add_data_large_response(r, session, request, response, query, d->format, has(request, COAP_OPTION_OBSERVE) ? 2 : -1,
                               d->version, d->length, body, release, body);
}

static void get(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                const coap_string_t *query, coap_pdu_t *response) {
  struct document *d = coap_resource_get_userdata(r);
  uint8_t tag[8];
  if (!d->exists) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_NOT_FOUND);
    return;
  }
  if (has(request, COAP_OPTION_OBSERVE)) {
    coap_bin_const_t t = coap_pdu_get_token(request);
    d->observer = session;
    d->token_length = t.length;
    memcpy(d->token, t.s, t.length);
  } else if (matches(request, COAP_OPTION_ETAG, d)) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_VALID);
    coap_add_option(response, COAP_OPTION_ETAG, coap_encode_var_safe8(tag, sizeof tag, d->version), tag);
    return;
  }
  answer(d, r, session, request, query, response, COAP_RESPONSE_CODE_CONTENT);
}

/* last_word tells the observer that it is over. The library crashes on a notification
 * with an error, so that one is made here; no further one comes, as nothing changes. */
static void last_word(struct document *d, coap_pdu_code_t code) {
  coap_pdu_t *pdu;
  if (!d->observer)
    return;
  pdu = coap_new_pdu(COAP_MESSAGE_CON, code, d->observer);
  coap_add_token(pdu, d->token_length, d->token);
  coap_send(d->observer, pdu);
  d->observer = NULL;
}

static void put(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                const coap_string_t *query, coap_pdu_t *response) {
  struct document *d = coap_resource_get_userdata(r);
  const uint8_t *data;
  size_t length;
  uint16_t before = d->format;
  d->held = 1;
  (void)session;
  (void)query;
  if ((has(request, COAP_OPTION_IF_MATCH) && !matches(request, COAP_OPTION_IF_MATCH, d)) ||
      (has(request, COAP_OPTION_IF_NONE_MATCH) && d->exists)) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_PRECONDITION_FAILED);
    return;
  }
  coap_pdu_set_code(response, d->exists ? COAP_RESPONSE_CODE_CHANGED : COAP_RESPONSE_CODE_CREATED);
  length = received(request, response, &data);
  store(d, data, length, format_of(request, COAP_OPTION_CONTENT_FORMAT, COAP_MEDIATYPE_TEXT_PLAIN));
  if (d->format == before)
    coap_resource_notify_observers(r, NULL);
  else
    last_word(d, COAP_RESPONSE_CODE_NOT_ACCEPTABLE);
}

static void delete(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                   const coap_string_t *query, coap_pdu_t *response) {
  struct document *d = coap_resource_get_userdata(r);
  (void)session;
  (void)request;
  (void)query;
  d->exists = 0;
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
  last_word(d, COAP_RESPONSE_CODE_NOT_FOUND);
}

static void location(coap_pdu_t *response, coap_option_num_t number, const char *value) {
  coap_add_option(response, number, strlen(value), (const uint8_t *)value);
}

static void post_test(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                      const coap_string_t *query, coap_pdu_t *response) {
  (void)r;
  (void)session;
  (void)request;
  (void)query;
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
  location(response, COAP_OPTION_LOCATION_PATH, "location1");
  location(response, COAP_OPTION_LOCATION_PATH, "location2");
  location(response, COAP_OPTION_LOCATION_PATH, "location3");
}

static void post_query(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                       const coap_string_t *query, coap_pdu_t *response) {
  (void)r;
  (void)session;
  (void)request;
  (void)query;
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
  location(response, COAP_OPTION_LOCATION_QUERY, "first=1");
  location(response, COAP_OPTION_LOCATION_QUERY, "second=2");
}

static void get_query(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                      const coap_string_t *query, coap_pdu_t *response) {
  struct document d = {0};
  store(&d, query ? query->s : NULL, query ? query->length : 0, COAP_MEDIATYPE_TEXT_PLAIN);
  answer(&d, r, session, request, query, response, COAP_RESPONSE_CODE_CONTENT);
  free(d.body);
}

static void get_format(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                       const coap_string_t *query, coap_pdu_t *response) {
  struct document d = {0};
  uint16_t format = format_of(request, COAP_OPTION_ACCEPT, COAP_MEDIATYPE_TEXT_PLAIN);
  if (format != COAP_MEDIATYPE_TEXT_PLAIN && format != COAP_MEDIATYPE_APPLICATION_XML) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_NOT_ACCEPTABLE);
    return;
  }
  store_text(&d, format == COAP_MEDIATYPE_TEXT_PLAIN ? "plain" : "<xml/>");
  d.format = format;
  answer(&d, r, session, request, query, response, COAP_RESPONSE_CODE_CONTENT);
  free(d.body);
}

/* get_separate lets the library acknowledge at once and asks again a second later. */
static void get_separate(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                         const coap_string_t *query, coap_pdu_t *response) {
  if (!coap_find_async(session, coap_pdu_get_token(request))) {
    if (!coap_register_async(session, request, COAP_TICKS_PER_SECOND))
      coap_pdu_set_code(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
    return;
  }
  get(r, session, request, query, response);
}

static void get_secure(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                       const coap_string_t *query, coap_pdu_t *response) {
  if (coap_session_get_proto(session) != COAP_PROTO_DTLS) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_UNAUTHORIZED);
    return;
  }
  get(r, session, request, query, response);
}

static coap_resource_t *add(const char *path, const char *text, int flags);

/* post_create makes /large-create/N. */
static void post_create(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                        const coap_string_t *query, coap_pdu_t *response) {
  static char paths[LOCATIONS][24];
  static unsigned n;
  const uint8_t *data;
  size_t length;
  (void)r;
  (void)session;
  (void)query;
  if (n == LOCATIONS) {
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
    return;
  }
  sprintf(paths[n], "large-create/%u", n + 1);
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
  location(response, COAP_OPTION_LOCATION_PATH, "large-create");
  location(response, COAP_OPTION_LOCATION_PATH, paths[n] + strlen("large-create/"));
  length = received(request, response, &data); /* after the location: options come in order */
  store(coap_resource_get_userdata(add(paths[n], "", 0)), data, length, COAP_MEDIATYPE_TEXT_PLAIN);
  n++;
}

/* post_large answers with the body turned round. */
static void post_large(coap_resource_t *r, coap_session_t *session, const coap_pdu_t *request,
                       const coap_string_t *query, coap_pdu_t *response) {
  struct document d = {0};
  const uint8_t *data;
  size_t length = received(request, response, &data);
  store(&d, data, length, COAP_MEDIATYPE_TEXT_PLAIN);
  for (size_t i = 0; i < length; i++)
    d.body[i] = data[length - 1 - i];
  answer(&d, r, session, request, query, response, COAP_RESPONSE_CODE_CHANGED);
  free(d.body);
}

static coap_resource_t *add(const char *path, const char *text, int flags) {
  struct document *d = &documents[used++];
  coap_resource_t *r = coap_resource_init(coap_make_str_const(path), flags);
  if (used > sizeof documents / sizeof *documents || !r) {
    fprintf(stderr, "server: no room for %s\n", path);
    exit(1);
  }
  d->path = path;
  if (text)
    store_text(d, text);
  coap_resource_set_userdata(r, d);
  coap_register_request_handler(r, COAP_REQUEST_GET, get);
  coap_register_request_handler(r, COAP_REQUEST_PUT, put);
  coap_register_request_handler(r, COAP_REQUEST_DELETE, delete);
  coap_add_resource(context, r);
  return r;
}

static coap_resource_t *observable(const char *path, int flags) {
  coap_resource_t *r = add(path, "0", flags);
  coap_resource_set_get_observable(r, 1);
  return r;
}

static void attribute(coap_resource_t *r, const char *name, const char *value) {
  coap_add_attr(r, coap_make_str_const(name), coap_make_str_const(value), 0);
}

/* settle gives up on a silent observer sooner than the 93 s of RFC 7252. */
static int settle(coap_session_t *session, const coap_event_t event) {
  if (event == COAP_EVENT_SERVER_SESSION_NEW) {
    coap_fixed_point_t second = {1, 0};
    coap_session_set_ack_timeout(session, second);
    coap_session_set_max_retransmit(session, 3);
  }
  return 0;
}

static void listen_at(const char *address, uint16_t port, coap_proto_t proto) {
  coap_address_t a;
  coap_address_init(&a);
  a.size = sizeof a.addr.sin;
  a.addr.sin.sin_family = AF_INET;
  a.addr.sin.sin_port = htons(port);
  if (!inet_aton(address, &a.addr.sin.sin_addr) || !coap_new_endpoint(context, &a, proto)) {
    fprintf(stderr, "server: cannot listen at %s port %u\n", address, port);
    exit(1);
  }
}

int main(int argc, char **argv) {
  coap_resource_t *r, *obs[4];
  unsigned second = 0;
  coap_tick_t now, next;

  if (argc != 3) {
    fprintf(stderr, "usage: server ADDRESS PORT\n");
    return 2;
  }
  coap_startup();
  context = coap_new_context(NULL);
  coap_context_set_block_mode(context, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
  coap_context_set_psk(context, "", (const uint8_t *)KEY, strlen(KEY));
  coap_register_event_handler(context, settle);
  listen_at(argv[1], (uint16_t)atoi(argv[2]), COAP_PROTO_UDP);
  listen_at(argv[1], (uint16_t)(atoi(argv[2]) + 1), COAP_PROTO_DTLS);

  coap_register_request_handler(add("test", "test", 0), COAP_REQUEST_POST, post_test);
  coap_register_request_handler(add("separate", "separate", 0), COAP_REQUEST_GET, get_separate);
  add("seg1/seg2/seg3", "segments", 0);
  coap_register_request_handler(add("query", "", 0), COAP_REQUEST_GET, get_query);
  coap_register_request_handler(add("location-query", "", 0), COAP_REQUEST_POST, post_query);
  coap_register_request_handler(add("multi-format", "", 0), COAP_REQUEST_GET, get_format);
  add("validate", "valid", 0);
  add("create1", NULL, 0);
  r = add("large", "", 0);
  attribute(r, "sz", "1300");
  fill(coap_resource_get_userdata(r), LARGE, 0);
  add("large-update", "", 0);
  coap_register_request_handler(add("large-create", "", 0), COAP_REQUEST_POST, post_create);
  coap_register_request_handler(add("large-post", "", 0), COAP_REQUEST_POST, post_large);
  obs[0] = observable("obs", COAP_RESOURCE_FLAGS_NOTIFY_CON);
  obs[1] = observable("obs-non", COAP_RESOURCE_FLAGS_NOTIFY_NON);
  obs[2] = observable("obs-large", COAP_RESOURCE_FLAGS_NOTIFY_CON);
  fill(coap_resource_get_userdata(obs[2]), LARGE, 0);
  obs[3] = observable("obs-pumping", COAP_RESOURCE_FLAGS_NOTIFY_CON);
  r = add("path", "</path/sub1>;ct=0,</path/sub2>;ct=0,</path/sub3>;ct=0", 0);
  ((struct document *)coap_resource_get_userdata(r))->format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;
  attribute(r, "ct", "40");
  add("path/sub1", "/path/sub1", 0);
  add("path/sub2", "/path/sub2", 0);
  add("path/sub3", "/path/sub3", 0);
  r = add("link1", "1", 0);
  attribute(r, "rt", "\"Type1 Type2\"");
  attribute(r, "if", "\"If1\"");
  r = add("link2", "2", 0);
  attribute(r, "rt", "\"Type2 Type3\"");
  attribute(r, "if", "\"If2\"");
  r = add("link3", "3", 0);
  attribute(r, "rt", "\"Type1 Type3\"");
  attribute(r, "if", "\"foo\"");
  attribute(add("nothing", "", 0), "rt", "\"\"");
  coap_register_request_handler(add("secure", "secure", 0), COAP_REQUEST_GET, get_secure);

  puts("ready");
  fflush(stdout);
  coap_ticks(&next);
  for (;;) {
    char text[16];
    coap_io_process(context, 100);
    coap_ticks(&now);
    if (now < next)
      continue;
    next = now + COAP_TICKS_PER_SECOND;
    second++;
    for (int i = 0; i < 4; i++) {
      struct document *d = coap_resource_get_userdata(obs[i]);
      if (i >= 2 && second % 3 == 0)
        fill(d, i == 2 || second % 2 ? LARGE : 20, second);
      else if (i < 2 && d->exists && !d->held) {
        sprintf(text, "%u", second);
        store_text(d, text);
      } else
        continue;
      coap_resource_notify_observers(obs[i], NULL);
    }
  }
}
