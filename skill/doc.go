// Package skill is for those who write skills for a hub:
//
//	//go:embed *.toml
//	var manifest embed.FS
//
//	func main() {
//		s := skill.New("org.example.dice", manifest)
//		s.Handle("roll", func(_ context.Context, r *skill.Request) (skill.Answer, error) {
//			sides, ok := r.Number("sides")
//			if !ok {
//				sides = 6
//			}
//			return skill.Say("%d.", 1+rand.IntN(int(sides))), nil
//		})
//		log.Fatal(s.Run(context.Background()))
//	}
//
// The manifest says what people say, one file a language. The hub understands sentences by
// it, asks for what is missing, and calls the handler. On the hub's machine that is all; on
// another one the skill needs a key (Keys). The hub's own skills use this package as well, and
// nothing else. docs/skills.md goes through it step by step.
package skill
