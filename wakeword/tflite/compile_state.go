package tflite

import (
	"errors"
	"fmt"
)

// callOnce takes a graph that sets the initial state. It runs at Reset, which is the
// same as once before the first inference, if no state was used before it.
func (c *compiler) callOnce(op *operator) error {
	index := op.options.i32(0, 0)
	if c.index != 0 || c.called || c.state || index <= 0 || index >= len(c.graphs) {
		return fmt.Errorf("tflite: graph %d can't be called here", index)
	}
	c.called = true
	if len(c.graphs[index].inputs) != 0 {
		return fmt.Errorf("tflite: graph %d takes inputs: one that is called once must not", index)
	}
	_, err := compile(c.model, c.graphs, index, c.vars)
	return err
}

func (c *compiler) varHandle(op *operator) error {
	if err := op.operands(0, 0, 1); err != nil {
		return err
	}
	v := &c.values[op.outputs[0]]
	if v.known() {
		return errors.New("tflite: the handle is written twice")
	}
	name := string(op.options.bytes(0)) + "\x00" + string(op.options.bytes(1))
	if c.vars[name] == nil {
		c.vars[name] = new(variable)
	}
	v.variable = c.vars[name]
	return nil
}

// stateOf is the variable of a handle, with memory of the kind and size of like.
func (c *compiler) stateOf(handle int, like *value) (*variable, error) {
	v := c.values[handle].variable
	if v == nil {
		return nil, errors.New("tflite: the handle of the variable is missing")
	}
	c.state = true
	if v.i8 == nil && v.f32 == nil {
		v.i8, v.f32 = make([]int8, len(like.i8)), make([]float32, len(like.f32))
		c.model.vars = append(c.model.vars, v)
		if err := c.spend(len(v.i8) + 4*len(v.f32)); err != nil {
			return nil, err
		}
	}
	if len(v.i8) != len(like.i8) || len(v.f32) != len(like.f32) || like.u8 != nil {
		return nil, errors.New("tflite: the variable has another type or size elsewhere")
	}
	return v, nil
}

// readVariable copies, since the state may be written before the value is used.
func (c *compiler) readVariable(op *operator) error {
	if err := op.operands(1, 1, 1); err != nil {
		return err
	}
	to, err := c.allocate(op.outputs[0], typeInt8, typeFloat32)
	if err != nil {
		return err
	}
	v, err := c.stateOf(op.inputs[0], to)
	if err != nil {
		return err
	}
	c.copy(to, &value{i8: v.i8, f32: v.f32})
	return nil
}

func (c *compiler) assignVariable(op *operator) error {
	if err := op.operands(2, 2, 0); err != nil {
		return err
	}
	from, err := c.input(op.inputs[1])
	if err != nil {
		return err
	}
	v, err := c.stateOf(op.inputs[0], from)
	if err != nil {
		return err
	}
	c.copy(&value{i8: v.i8, f32: v.f32}, from)
	return nil
}

// copy adds a step that copies a whole value.
func (c *compiler) copy(to, from *value) {
	c.copyRows(to, 0, len(to.i8)+len(to.f32), from, 0, len(from.i8)+len(from.f32), len(from.i8)+len(from.f32))
}
