using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EmbeddedHost.Queues;

namespace EmbeddedHost.Invocation;

/// <summary>A function ready to run.</summary>
internal sealed class Function(FunctionMethod method, IBoundTrigger trigger, QueueOutput? output, ImmutableArray<ParameterBinder> parameters, bool disabled)
    : FunctionDefinition
{
    public FunctionMethod Method => method;

    public IBoundTrigger Trigger => trigger;

    public QueueOutput? Output => output;

    public ImmutableArray<ParameterBinder> ParameterBinders => parameters;

    public bool Disabled => disabled;

    public override string PathToAssembly => method.Class.Assembly.Location;

    public override string EntryPoint => method.Where;

    public override string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(method.Name.ToUpperInvariant())))[..32];

    public override string Name => method.Name;

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; } = ImmutableDictionary<string, BindingMetadata>.Empty
        .Add(method.Trigger.Name!, new Binding(method.Trigger.Name!, trigger.Type, BindingDirection.In));

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; } = output is null
        ? ImmutableDictionary<string, BindingMetadata>.Empty
        : ImmutableDictionary<string, BindingMetadata>.Empty.Add("$return", new Binding("$return", "queue", BindingDirection.Out));

    private sealed class Binding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
