using System.Diagnostics;

namespace EmbeddedHost.Invocation;

/// <summary>One run.</summary>
internal sealed class Invocation(string id, Function function, TriggerEvent trigger, IServiceProvider services, Activity activity, CancellationToken stop)
    : FunctionContext
{
    public TriggerEvent Trigger => trigger;

    /// <summary>What the function returned; null before it did, or when middleware left it out.</summary>
    public object? Result { get; set; }

    public override string InvocationId => id;

    public override string FunctionId => function.Id;

    public override TraceContext TraceContext { get; } = new Trace(activity);

    public override BindingContext BindingContext { get; } = new Data(trigger.BindingData);

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override FunctionDefinition FunctionDefinition => function;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override CancellationToken CancellationToken => stop;

    private sealed class Trace(Activity activity) : TraceContext
    {
        public override string TraceParent => activity.Id ?? "";

        public override string TraceState => activity.TraceStateString ?? "";
    }

    private sealed class Data(IReadOnlyDictionary<string, object?> values) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => values;
    }
}
