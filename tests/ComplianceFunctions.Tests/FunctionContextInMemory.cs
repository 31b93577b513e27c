using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ComplianceFunctions.Tests;

/// <summary>The worker's context of one call, as far as middleware uses it.</summary>
internal sealed class FunctionContextInMemory : FunctionContext
{
    // Where the worker's package for ASP.NET Core keeps the request.
    private const string RequestKey = "HttpRequestContext";

    public FunctionContextInMemory(string function, string trigger, HttpContext? request)
    {
        FunctionDefinition = new Definition(function, trigger);
        Items = new Dictionary<object, object>();
        if (request is not null)
            Items[RequestKey] = request;
    }

    public override string InvocationId => "call";

    public override string FunctionId => FunctionDefinition.Id;

    public override TraceContext TraceContext => throw new NotSupportedException();

    public override BindingContext BindingContext => throw new NotSupportedException();

    public override RetryContext RetryContext => throw new NotSupportedException();

    public override IServiceProvider InstanceServices { get; set; } = null!;

    public override FunctionDefinition FunctionDefinition { get; }

    public override IDictionary<object, object> Items { get; set; }

    public override IInvocationFeatures Features { get; } = new InMemoryFeatures();

    /// <summary>What the function, or middleware in its place, answered.</summary>
    public object? Result => this.GetInvocationResult().Value;

    private sealed class Definition(string name, string trigger) : FunctionDefinition
    {
        public override ImmutableArray<FunctionParameter> Parameters => [];

        public override string PathToAssembly => "";

        public override string EntryPoint => "";

        public override string Id => name;

        public override string Name => name;

        public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; } =
            ImmutableDictionary<string, BindingMetadata>.Empty.Add("given", new Binding(trigger));

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings =>
            ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    private sealed class Binding(string type) : BindingMetadata
    {
        public override string Name => "given";

        public override string Type => type;

        public override BindingDirection Direction => BindingDirection.In;
    }

    // The worker's feature that holds the result is its own: one that remembers what it is given is made in its place.
    private sealed class InMemoryFeatures : IInvocationFeatures
    {
        private readonly Dictionary<Type, object> _features = [];

        public T? Get<T>()
        {
            if (!_features.TryGetValue(typeof(T), out var feature) && typeof(T).IsInterface)
                _features[typeof(T)] = feature = DispatchProxy.Create<T, Remembers>()!;
            return (T?)feature;
        }

        public void Set<T>(T instance) => _features[typeof(T)] = instance!;

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Properties that keep their value.</summary>
    [SuppressMessage("Performance", "CA1852", Justification = "The proxy is made as a class below it.")]
    public class Remembers : DispatchProxy
    {
        private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var name = targetMethod!.Name[4..];
            if (targetMethod.Name.StartsWith("set_", StringComparison.Ordinal))
                return _values[name] = args![0];
            return _values.GetValueOrDefault(name);
        }
    }
}
