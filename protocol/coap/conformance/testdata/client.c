/* What coap-client can't do, on libcoap 4.3:
 *   client -e ADDRESS PORT PATH   GET with an empty token
 *   client -o ADDRESS PORT PATH   observe; registers again when Max-Age has passed, and
 *                                 a line "get PATH" on standard input is one more GET
 * Every response is a line of output. */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t token[] = {'o', 'b', 's', 1};
static coap_tick_t fresh; /* until when */
static int answered;

static coap_response_t show(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received, const coap_mid_t mid) {
  coap_opt_iterator_t i;
  coap_opt_t *age = coap_check_option(received, COAP_OPTION_MAXAGE, &i);
  coap_bin_const_t t = coap_pdu_get_token(received);
  const uint8_t *data = NULL;
  size_t length = 0;
  (void)session;
  (void)sent;
  (void)mid;
  coap_get_data(received, &length, &data);
  printf("%.*s\n", (int)length, (const char *)data);
  fflush(stdout);
  answered = 1;
  if (t.length == sizeof token && memcmp(t.s, token, sizeof token) == 0) {
    coap_ticks(&fresh);
    fresh += COAP_TICKS_PER_SECOND * (1 + (age ? coap_decode_var_bytes(coap_opt_value(age), coap_opt_length(age)) : 60));
  }
  return COAP_RESPONSE_OK;
}

static void get(coap_session_t *session, const char *path, const uint8_t *t, size_t length, int observe) {
  coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
  coap_add_token(pdu, length, t);
  if (observe)
    coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
  coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path), (const uint8_t *)path);
  coap_send(session, pdu);
}

int main(int argc, char **argv) {
  char line[128];
  size_t used = 0;
  uint8_t other = 2;
  int observing;
  coap_context_t *context;
  coap_session_t *session;
  coap_address_t to;

  if (argc != 5) {
    fprintf(stderr, "usage: client -e|-o ADDRESS PORT PATH\n");
    return 2;
  }
  observing = strcmp(argv[1], "-o") == 0;
  coap_startup();
  context = coap_new_context(NULL);
  coap_register_response_handler(context, show);
  coap_address_init(&to);
  to.size = sizeof to.addr.sin;
  to.addr.sin.sin_family = AF_INET;
  to.addr.sin.sin_port = htons((uint16_t)atoi(argv[3]));
  if (!inet_aton(argv[2], &to.addr.sin.sin_addr) || !(session = coap_new_client_session(context, NULL, &to, COAP_PROTO_UDP)))
    return 1;
  get(session, argv[4], token, observing ? sizeof token : 0, observing);
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  while (observing || !answered) {
    coap_tick_t now;
    coap_io_process(context, 50);
    coap_ticks(&now);
    if (observing && fresh && now > fresh) {
      fresh = now + 10 * COAP_TICKS_PER_SECOND;
      get(session, argv[4], token, sizeof token, 1);
    }
    ssize_t n = read(STDIN_FILENO, line + used, sizeof line - 1 - used);
    if (n <= 0)
      continue;
    used += (size_t)n;
    line[used] = 0;
    char *end = strchr(line, '\n');
    if (end && strncmp(line, "get ", 4) == 0) {
      *end = 0;
      get(session, line + 4, &other, 1, 0);
      other++;
      used = 0;
    }
  }
  coap_free_context(context);
  return 0;
}
