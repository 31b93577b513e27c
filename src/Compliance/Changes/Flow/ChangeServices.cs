using Compliance.Changes.Caps;
using Compliance.Changes.Execution;
using Compliance.Changes.Pauses;
using Compliance.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Changes.Flow;

/// <summary>Registers what a capability needs to go through the seven phases.</summary>
internal static class ChangeServices
{
    /// <summary>
    /// Registers the flow of one capability. The capability registers its <see cref="IChange{TObservation}"/>; approvals, pause, policy
    /// acts and ledger are shared.
    /// </summary>
    /// <typeparam name="TObservation">What the capability observes.</typeparam>
    /// <param name="services">The app's services.</param>
    /// <param name="container">Container of its documents. It is stored: it never changes.</param>
    /// <param name="capTable">Table of its caps. It is stored: it never changes.</param>
    /// <param name="executor">Does its steps.</param>
    public static IServiceCollection AddChangeFlow<TObservation>(
        this IServiceCollection services,
        string container,
        string capTable,
        Func<IServiceProvider, IPlanExecutor> executor
    )
        where TObservation : class =>
        services.AddSingleton(p =>
        {
            var documents = new BlobDocumentStore(p.GetRequiredService<StateStorage>(), container);
            var caps = new TableCapLedger(p.GetRequiredService<StateStorage>(), capTable);
            var store = ActivatorUtilities.CreateInstance<ChangeStore<TObservation>>(p, documents);
            var guards = ActivatorUtilities.CreateInstance<ChangeGuards<TObservation>>(p, store, caps);
            var questions = ActivatorUtilities.CreateInstance<ChangeQuestions<TObservation>>(p, store);
            var passes = new PlanPasses(p.GetRequiredService<IPause>(), executor(p), documents);
            return ActivatorUtilities.CreateInstance<ChangeFlow<TObservation>>(p, store, guards, questions, passes);
        });
}
