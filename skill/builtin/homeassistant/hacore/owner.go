package hacore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// State is how an entity is.
type State struct {
	State      string         `json:"state"`
	Attributes map[string]any `json:"attributes"`
}

// State asks how an entity is, over the REST API.
func (c *Core) State(tb testing.TB, id string) State {
	tb.Helper()
	var s State
	if err := c.rest(tb.Context(), http.MethodGet, "/api/states/"+id, c.Admin, nil, &s); err != nil {
		tb.Fatal(err)
	}
	return s
}

// Do sends a command of the WebSocket API as the administrator, and reads its result into
// out, unless that is nil.
func (c *Core) Do(tb testing.TB, command map[string]any, out any) {
	tb.Helper()
	if err := c.do(tb.Context(), command, out); err != nil {
		tb.Fatal(err)
	}
}

// Revoke takes the token back that the hub's user has.
func (c *Core) Revoke(tb testing.TB) {
	tb.Helper()
	var tokens []struct{ ID, Type string }
	err := command(tb.Context(), c.URL, c.Common, map[string]any{"type": "auth/refresh_tokens"}, &tokens)
	if err != nil {
		tb.Fatal(err)
	}
	for _, t := range tokens {
		if t.Type == "long_lived_access_token" {
			// The answer is lost with the connection that the token has opened.
			_ = command(tb.Context(), c.URL, c.Common, map[string]any{"type": "auth/delete_refresh_token", "refresh_token_id": t.ID}, nil)
		}
	}
}

func (c *Core) do(ctx context.Context, what map[string]any, out any) error {
	return command(ctx, c.URL, c.Admin, what, out)
}

// password is that of all users.
const password = "not secret"

// makeOwner makes the administrator, as the web interface does at its first visit.
func (c *Core) makeOwner(ctx context.Context) error {
	var made struct {
		Code string `json:"auth_code"`
	}
	owner := map[string]any{"client_id": c.URL + "/", "name": "Owner", "username": "owner", "password": password, "language": "en"}
	err := c.rest(ctx, http.MethodPost, "/api/onboarding/users", "", owner, &made)
	if err == nil {
		c.Admin, err = c.token(ctx, made.Code)
	}
	return err
}

// makeUser makes a user for the hub as the documentation says: no administrator.
func (c *Core) makeUser(ctx context.Context) error {
	const name = "vapd"
	var made struct {
		User struct{ ID string }
	}
	if err := c.do(ctx, map[string]any{"type": "config/auth/create", "name": name, "group_ids": []string{"system-users"}}, &made); err != nil {
		return err
	}
	login := map[string]any{"type": "config/auth_provider/homeassistant/create", "user_id": made.User.ID, "username": name, "password": password}
	if err := c.do(ctx, login, nil); err != nil {
		return err
	}
	code, err := c.login(ctx, name)
	if err == nil {
		c.Common, err = c.token(ctx, code)
	}
	return err
}

// login is the code that a user gets for the password.
func (c *Core) login(ctx context.Context, name string) (string, error) {
	var flow struct {
		ID string `json:"flow_id"`
	}
	var done struct {
		Result string `json:"result"`
	}
	begin := map[string]any{"client_id": c.URL + "/", "handler": []any{"homeassistant", nil}, "redirect_uri": c.URL + "/"}
	if err := c.rest(ctx, http.MethodPost, "/auth/login_flow", "", begin, &flow); err != nil {
		return "", err
	}
	user := map[string]any{"client_id": c.URL + "/", "username": name, "password": password}
	err := c.rest(ctx, http.MethodPost, "/auth/login_flow/"+flow.ID, "", user, &done)
	return done.Result, err
}

// token is a long-lived access token for the code of a login.
func (c *Core) token(ctx context.Context, code string) (string, error) {
	form := url.Values{"client_id": {c.URL + "/"}, "grant_type": {"authorization_code"}, "code": {code}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/auth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var session struct {
		Token string `json:"access_token"`
	}
	if err := c.send(request, &session); err != nil {
		return "", err
	}
	var token string
	err = command(ctx, c.URL, session.Token, map[string]any{"type": "auth/long_lived_access_token", "client_name": "vapd", "lifespan": 365}, &token)
	return token, err
}

// rest is a request of the REST API.
func (c *Core) rest(ctx context.Context, method, path, token string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return c.send(request, out)
}

func (c *Core) send(request *http.Request, out any) error {
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("hacore: %s: %s: %s", request.URL.Path, response.Status, data)
	}
	return json.Unmarshal(data, out)
}

// command is one command of the WebSocket API, on a connection of its own, without the
// client that is tested.
func command(ctx context.Context, base, token string, what map[string]any, out any) error {
	ws, _, err := websocket.Dial(ctx, strings.Replace(base, "http", "ws", 1)+"/api/websocket", nil)
	if err != nil {
		return err
	}
	defer ws.CloseNow()
	ws.SetReadLimit(16 << 20)
	full := map[string]any{"id": 1}
	for key, value := range what {
		full[key] = value
	}
	var answer struct {
		Type    string
		Success bool
		Result  json.RawMessage
		Error   any
	}
	for _, m := range []any{nil, map[string]any{"type": "auth", "access_token": token}, full} {
		if m != nil {
			data, err := json.Marshal(m)
			if err == nil {
				err = ws.Write(ctx, websocket.MessageText, data)
			}
			if err != nil {
				return err
			}
		}
		_, data, err := ws.Read(ctx)
		if err == nil {
			err = json.Unmarshal(data, &answer)
		}
		if err != nil {
			return err
		}
	}
	if !answer.Success {
		return fmt.Errorf("hacore: %v: %v", what["type"], answer.Error)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Result, out)
}
