metadata description = 'Types that several modules share.'

@export()
@description('A vault whose events are wanted.')
type watchedVault = {
  @description('Resource id of the vault.')
  id: string

  @description('Resource id of its system topic, when it has one. Without it one is made, in the subscription of the app and of the vault.')
  topicId: string?
}

@export()
@description('Where events are delivered.')
type queueTarget = {
  @description('Resource id of the state account.')
  accountId: string

  queue: string
  deadLetterContainer: string
}

@export()
@description('What a role is assigned at, within one resource group.')
@discriminator('kind')
type roleScope = accountScope | containerScope | queueScope | insightsScope | keyScope | secretScope | topicScope

type accountScope = {
  kind: 'account'
  account: string
}

type containerScope = {
  kind: 'container'
  account: string
  container: string
}

type queueScope = {
  kind: 'queue'
  account: string
  queue: string
}

type insightsScope = {
  kind: 'insights'
  insights: string
}

type keyScope = {
  kind: 'key'
  vault: string
  key: string
}

type secretScope = {
  kind: 'secret'
  vault: string
  secret: string
}

type topicScope = {
  kind: 'topic'
  topic: string
}
